using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace LoggerCms.PowerShell.Parameters;

/// <summary>Completes from words that this session knows; never asks a node.</summary>
public abstract class WordCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var pattern = Completion.Pattern(wordToComplete);
        return Words().Where(word => pattern.IsMatch(word.Key)).Select(word => Completion.Result(word.Key, word.Value));
    }

    private protected abstract IEnumerable<KeyValuePair<string, string>> Words();

    private protected static IEnumerable<KeyValuePair<string, string>> Plain(IEnumerable<string> words)
        => words.Select(word => KeyValuePair.Create(word, word));
}

/// <summary>Completes the paths of objects that this session has seen.</summary>
public sealed class CmsPathCompleter : WordCompleter
{
    private protected override IEnumerable<KeyValuePair<string, string>> Words() => SessionMemory.Paths();
}

/// <summary>Completes kinds of objects: those of every system, and those that this session has seen.</summary>
public sealed class CmsKindCompleter : WordCompleter
{
    private protected override IEnumerable<KeyValuePair<string, string>> Words()
        => Plain(KnownWords.Kinds).Concat(SessionMemory.Kinds()).DistinctBy(word => word.Key, StringComparer.OrdinalIgnoreCase);
}

/// <summary>Completes the names of rights.</summary>
public sealed class CmsRightCompleter : WordCompleter
{
    private protected override IEnumerable<KeyValuePair<string, string>> Words()
        => Plain(KnownWords.Rights.Concat(KnownWords.OwnedRights.Select(right => right + "Owned")).Order(StringComparer.Ordinal));
}

/// <summary>Completes the names of users that this session has seen.</summary>
public sealed class CmsUserCompleter : WordCompleter
{
    private protected override IEnumerable<KeyValuePair<string, string>> Words() => SessionMemory.Users();
}

/// <summary>Completes the names of groups that this session has seen.</summary>
public sealed class CmsGroupCompleter : WordCompleter
{
    private protected override IEnumerable<KeyValuePair<string, string>> Words()
        => Plain(["Everyone", "Administrators"]).Concat(SessionMemory.Groups()).DistinctBy(word => word.Key, StringComparer.OrdinalIgnoreCase);
}

/// <summary>Completes the names of users and groups that this session has seen.</summary>
public sealed class CmsPrincipalCompleter : WordCompleter
{
    private protected override IEnumerable<KeyValuePair<string, string>> Words()
        => Plain(["Everyone", "Administrators"]).Concat(SessionMemory.Groups()).Concat(SessionMemory.Users())
            .DistinctBy(word => word.Key, StringComparer.OrdinalIgnoreCase);
}

/// <summary>Completes the actions of audit events.</summary>
public sealed class CmsActionCompleter : WordCompleter
{
    private protected override IEnumerable<KeyValuePair<string, string>> Words() => Plain(KnownWords.AuditActions);
}
