namespace LoggerCms.Core.Security;

/// <summary>What a decision rests on.</summary>
internal enum DecidedBy : byte
{
    /// <summary>Nothing on the path says anything: denied.</summary>
    Nothing,

    /// <summary>An entry of the principal itself.</summary>
    OwnEntry,

    /// <summary>An entry of a group that holds the principal.</summary>
    GroupEntry,

    /// <summary>Nothing on the path says anything, and the principal is an administrator: granted.</summary>
    Administrators,

    /// <summary>What <see cref="BuiltIn.Administrator"/> cannot lose: granted.</summary>
    Administrator,

    /// <summary>An access list on the path cannot be read, so a denial may stand in it: denied.</summary>
    DamagedList,

    /// <summary>The folders above end nowhere, or nest deeper than <see cref="RightsEvaluator.MaxDepth"/>: denied.</summary>
    BrokenPath,
}

/// <param name="Granted">False is denied.</param>
/// <param name="By">What it rests on.</param>
/// <param name="ObjectId">The object whose list decided; 0 where none did.</param>
/// <param name="PrincipalId">The user or group whose entry decided; 0 where none did.</param>
internal readonly record struct RightDecision(bool Granted, DecidedBy By, long ObjectId, long PrincipalId);

/// <summary>What an entry, or an object without one, did to a decision.</summary>
internal enum StepEffect : byte
{
    /// <summary>No entry of the object counts for the principal; its folder is asked.</summary>
    NoEntry,

    /// <summary>The entry decided.</summary>
    Decides,

    /// <summary>The entry counts for the principal, and another of the same object goes before it.</summary>
    Overridden,

    /// <summary>The entry is a group's, and groups are switched off on the object or on one nearer.</summary>
    GroupsSwitchedOff,

    /// <summary>The object does not inherit from its folder; nobody above is asked.</summary>
    FolderSwitchedOff,

    /// <summary>The object's list cannot be read.</summary>
    Damaged,

    /// <summary>The path ends without a folder that exists, or is too deep.</summary>
    BrokenPath,

    /// <summary>A built-in rule decided.</summary>
    BuiltInRule,
}

/// <param name="ObjectId">The object that was looked at.</param>
/// <param name="Entry">Its entry; null where the step is of no entry.</param>
/// <param name="Effect">What came of it.</param>
internal sealed record RightStep(long ObjectId, AccessEntry? Entry, StepEffect Effect);

/// <param name="Decision">The same as <see cref="RightsEvaluator.Decide(RunTimeImage.IObjectView, Principal, RunTimeImage.CmsObject, string)"/> gives.</param>
/// <param name="Steps">From the object upwards, every entry that is about the right and the principal; the last one decided.</param>
internal sealed record RightExplanation(RightDecision Decision, IReadOnlyList<RightStep> Steps);
