using System.ComponentModel;
using System.Globalization;
using LoggerCms.Core;

namespace LoggerCms.Node;

/// <summary>
/// What a node is told: from <c>node.json</c> in its data folder or the file that <c>--settings</c> names, then the environment
/// (<c>LOGGERCMS_NODE_PORT</c> …), then the arguments (<c>--port</c> …); the later wins. <c>--help</c> shows
/// the descriptions here.
/// </summary>
internal sealed record NodeSettings
{
    [Description("The node's, and its profile's: 1 to 64 letters, digits, dots, dashes or underscores.")]
    public string Name { get; init; } = Environment.MachineName;

    [Description("A or B.")]
    public string Side { get; init; } = "A";

    [Description("The folder of all that the node keeps; nodes/NAME in the user's LoggerCms folder unless set.")]
    public string DataPath { get; init; } = "";

    [Description("The system database as a side's connection text; system.db in the data folder unless set.")]
    public string Database { get; init; } = "";

    [Description("The audit database; audit.db in the data folder unless set.")]
    public string AuditDatabase { get; init; } = "";

    [Description("The address to listen at.")]
    public string Address { get; init; } = "127.0.0.1";

    [Description("0 for any that is free.")]
    public int Port { get; init; } = 6400;

    [Description("Host names that the certificate is made out to, beside those of this machine; separated by commas.")]
    public string HostNames { get; init; } = "";

    [Description("Take the system from another node, or go on where another state was served; a start without it says what may be lost.")]
    public bool TakeOver { get; init; }

    [Description("What becomes of changes in delta files whose object was changed since.")]
    public ConflictPolicy ConflictPolicy { get; init; }

    [Description("Start without damaged delta files, which get another name.")]
    public bool SetDamagedAside { get; init; }

    [Description("What the run time image may take; 0 for no limit.")]
    public long MemoryLimitMB { get; init; }

    [Description("From one flush to the system database to the next.")]
    public int FlushIntervalMs { get; init; } = 1000;

    [Description("Changes that wait for a flush; beyond that, writes wait.")]
    public long MostUnflushedMB { get; init; } = 256;

    [Description("How long a write waits for room before it is refused.")]
    public int WriteWaitSeconds { get; init; } = 10;

    [Description("How long a request that is sent again gets its first answer.")]
    public int RequestRetentionMinutes { get; init; } = 10;

    [Description("How long audit events are kept.")]
    public int AuditRetentionDays { get; init; } = 365;

    [Description("Audit reads of objects, rights, tokens and the audit, and queries, too: an event each.")]
    public bool AuditReads { get; init; }

    [Description("The largest request.")]
    public int MostRequestMB { get; init; } = 16;

    [Description("At one time; from one other machine a quarter of them.")]
    public int MostConnections { get; init; } = 20_000;

    [Description("Of one user.")]
    public int MostRequestsPerSecond { get; init; } = 100_000;

    [Description("From one address (IPv6: one /64) without a good token: health probes, logons, and whoever tries tokens.")]
    public int MostStrangerRequestsPerSecond { get; init; } = 1000;

    [Description("Leave the caller's session, and write to node.log in the data folder: what Start-CmsNode wants.")]
    public bool Detached { get; init; }

    [Description("The profile that a start writes for this user, by name; beside it one with the node's name.")]
    public string Profile { get; init; } = Core.Security.LocalProfile.DefaultName;

    // The upper ones are where a sum or a time would leave its type, or nothing would be bounded any more.
    private (string Name, long Value, long Least, long Most)[] Bounds =>
    [
        (nameof(Port), Port, 0, 65_535),
        (nameof(MemoryLimitMB), MemoryLimitMB, 0, 1 << 24),
        (nameof(FlushIntervalMs), FlushIntervalMs, 1, 3_600_000),
        (nameof(MostUnflushedMB), MostUnflushedMB, 1, 1 << 20),
        (nameof(WriteWaitSeconds), WriteWaitSeconds, 1, 86_400),
        (nameof(RequestRetentionMinutes), RequestRetentionMinutes, 1, 100_000),
        (nameof(AuditRetentionDays), AuditRetentionDays, 1, 100_000),
        (nameof(MostRequestMB), MostRequestMB, 1, 1024),
        (nameof(MostConnections), MostConnections, 1, 1_000_000),
        (nameof(MostRequestsPerSecond), MostRequestsPerSecond, 1, 10_000_000),
        (nameof(MostStrangerRequestsPerSecond), MostStrangerRequestsPerSecond, 1, 10_000_000),
    ];

    /// <exception cref="LoggerCmsException">InvalidOption, naming the setting.</exception>
    public NodeSettings Complete()
    {
        if (Side is not ("A" or "B"))
            throw Invalid(nameof(Side), Side, "A or B");
        if (Name.Length is 0 or > 64 || !Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            throw Invalid(nameof(Name), Name, "1 to 64 letters, digits, dots, dashes or underscores");
        if (!System.Net.IPAddress.TryParse(Address, out _))
            throw Invalid(nameof(Address), Address, "an IP address of this machine, as 127.0.0.1 or 0.0.0.0");
        foreach (var (name, value, least, most) in Bounds)
        {
            if (value < least || value > most)
                throw Invalid(name, value, string.Create(CultureInfo.InvariantCulture, $"{least:N0} to {most:N0}"));
        }

        // Also where it is not needed for the data: the profile goes there when all else is done.
        var nodes = LoggerHome.Folder("nodes");
        var data = Path.GetFullPath(DataPath.Length > 0 ? DataPath : Path.Combine(nodes, Name));
        return this with
        {
            DataPath = data,
            Database = Database.Length > 0 ? Absolute(Database) : "sqlite:" + Path.Combine(data, "system.db"),
            AuditDatabase = AuditDatabase.Length > 0 ? Absolute(AuditDatabase) : "sqlite:" + Path.Combine(data, "audit.db"),
        };
    }

    // From another working folder the same words would be another database.
    private static string Absolute(string database)
        => new SideConnection(database) is { Provider: SideProvider.Sqlite } file ? "sqlite:" + Path.GetFullPath(file.DataSource) : database;

    /// <summary>True where no database is reached through a socket.</summary>
    public bool AreDatabasesFiles()
        => new SideConnection(Database).Provider == SideProvider.Sqlite && new SideConnection(AuditDatabase).Provider == SideProvider.Sqlite;

    private static LoggerCmsException Invalid(string name, object value, string allowed)
        => new(ErrorCodes.InvalidOption, $"The setting {name} is '{value}'.", $"Give {allowed}.");
}
