namespace LoggerCms.Core.Tracing.Faults;

/// <summary>Where the rules come from.</summary>
internal static class Sources
{
    public const string Synchronize = "Cisco document 45340, Why Does Cisco ICM Logger Fail to Synchronize?";
    public const string EmptyLog = "Cisco document 65201, Logger Asserts Constantly Because Config_Message_Log Table is Empty";
    public const string RecoveryAssert = "Cisco DocWiki, Unified ICM and Unified CCE Database Troubleshooting: Recovery Process Assert";
    public const string Synchronizer = "Cisco document 26300, ICM and Synchronization";
    public const string TempFileName = "Microsoft, GetTempFileNameW function (at most 65,535 names of one prefix; ERROR_FILE_EXISTS); the line itself: Cisco document 45340";
    public const string SqlServer = "Microsoft, SQL Server errors 1105 and 9002";
    public const string Own = "LoggerCms, the trace of its own transfers";

    /// <summary>The lines are those of the seed document; that they tell this is our own conclusion.</summary>
    public const string Concluded = "Concluded from lines that Cisco document 45340 shows; no public Cisco note on this failure was found";

    public const string Unexplained = "The assertion itself; no public Cisco note on it was found";
}
