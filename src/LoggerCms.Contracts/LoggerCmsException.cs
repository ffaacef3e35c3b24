namespace LoggerCms;

/// <summary>
/// A failure with a stable code (also the cmdlets' error id), the side and phase it happened in, and what to do about it.
/// </summary>
public sealed class LoggerCmsException : Exception
{
    /// <param name="code">One of <see cref="ErrorCodes"/>.</param>
    /// <param name="message">What went wrong, naming the input; never a secret.</param>
    /// <param name="remedy">What to do, as a command where there is one.</param>
    /// <param name="side">The side's name or database.</param>
    /// <param name="phase">The phase of a state transfer.</param>
    /// <param name="innerException">The cause as the driver or system reported it.</param>
    public LoggerCmsException(
        string code, string message, string remedy, string? side = null, string? phase = null, Exception? innerException = null)
        : base(message, innerException)
    {
        Code = code;
        Remedy = remedy;
        Side = side;
        Phase = phase;
    }

    /// <summary>One of <see cref="ErrorCodes"/>: stable from release to release.</summary>
    public string Code { get; }

    /// <summary>What to do about it.</summary>
    public string Remedy { get; }

    /// <summary>The side that failed, where it is known.</summary>
    public string? Side { get; }

    /// <summary>The phase of a state transfer that failed, where there is one.</summary>
    public string? Phase { get; }

    /// <summary>The trace of the transfer that failed, where one was written.</summary>
    public string? TracePath { get; init; }

    /// <summary>
    /// The object that somebody was kept from, also where the message does not say so because they may not know that it exists; 0 where that is
    /// no object, null where this is no denial.
    /// </summary>
    public long? DeniedObjectId { get; init; }

    /// <summary>Of a limit: whether it is the request itself that is beyond it, or who makes it, so that no other time and no other node takes it either.</summary>
    public bool IsOfRequest { get; init; }

    /// <summary>The same failure, with a phase and a side where they were not known yet.</summary>
    public LoggerCmsException In(string? phase, string? side = null)
        => new(Code, Message, Remedy, Side ?? side, Phase ?? phase, InnerException ?? this) { TracePath = TracePath, DeniedObjectId = DeniedObjectId, IsOfRequest = IsOfRequest };

    /// <summary>The same failure, with the trace that tells of it.</summary>
    public LoggerCmsException At(string? tracePath)
        => new(Code, Message, Remedy, Side, Phase, InnerException ?? this) { TracePath = tracePath, DeniedObjectId = DeniedObjectId, IsOfRequest = IsOfRequest };
}
