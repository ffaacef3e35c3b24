using System.Buffers;
using LoggerCms.Core.StateTransfer;

namespace LoggerCms.Core.Tracing.Faults;

/// <summary>What a side said of its configuration when it had read it.</summary>
internal sealed record ConfigChecksum(long? Rows, long? Bytes, string? Checksum, long? UpdateKey, LoggerTraceLine Line);

/// <summary>A side's last update key, as a sender knows it.</summary>
internal sealed record KnownKey(string Side, long Key, LoggerTraceLine Line);

/// <summary>What one trace says, collected in one pass over its lines and in memory that does not grow with them.</summary>
internal sealed class TraceFacts(string path, string? side)
{
    private const int MostOfAKind = 200;

    /// <summary>Every line that a rule or a fact may rest on holds one of these, so that all others are passed over at the speed of a search.</summary>
    private static readonly SearchValues<string> Words = SearchValues.Create(
        [
            "checksum", "Schema", "sort order", "LastUpdateKey", "state transfer", "MDS", "Assertion failed", "Initializing", "Synchroni", "sending state",
            "GetTempFileName", "_side", @"\Logger", "private network", "transaction log", "allocate space", "paired", "Remedy:",
        ],
        StringComparison.OrdinalIgnoreCase);

    private readonly Dictionary<string, (LineRule Rule, Evidence Lines)> _matches = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Assertion> _assertions = new(StringComparer.Ordinal);
    private OwnFailure? _unremedied;

    public string Path => path;

    /// <summary><c>A</c> or <c>B</c>; null where neither the user nor the trace says which.</summary>
    public string? Side { get; set; } = side;

    public long Messages { get; private set; }

    public long Lines { get; private set; }

    public LoggerTraceLine? First { get; private set; }

    public LoggerTraceLine? Last { get; private set; }

    public List<ConfigChecksum> Checksums { get; } = [];

    public List<KnownKey> KnownKeys { get; } = [];

    public LoggerTraceLine? SortOrder { get; private set; }

    public LoggerTraceLine? SchemaOfDatabase { get; private set; }

    public LoggerTraceLine? SchemaOfLogger { get; private set; }

    /// <summary>Times that a Logger started.</summary>
    public int Starts { get; private set; }

    public IReadOnlyCollection<Assertion> Assertions => _assertions.Values;

    public Receiving Receiving { get; } = new();

    /// <summary>The sender has brought the receiver's configuration database level.</summary>
    public LoggerTraceLine? ConfigSynchronized { get; private set; }

    /// <summary>After that, the state in memory could not be sent.</summary>
    public LoggerTraceLine? SendingFailed { get; private set; }

    public List<OwnFailure> OwnFailures { get; } = [];

    /// <summary>The account that a transfer of this module ran as, where this is the trace of one.</summary>
    public string? OwnAccount { get; private set; }

    /// <summary>It is the trace of a transfer of this module.</summary>
    public bool IsOwn => OwnAccount is not null;

    public IEnumerable<(LineRule Rule, Evidence Lines)> Matches => _matches.Values;

    public void Add(LoggerTraceLine line)
    {
        Lines++;
        if (line.TimeOfDay is not null)
        {
            Messages++;
            First ??= line;
            Last = line;
        }

        if (OwnAccount is null && line.Message.StartsWith(TransferTrace.ProductMark, StringComparison.Ordinal) && line.Message.IndexOf(TransferTrace.AccountMark, StringComparison.Ordinal) is > 0 and var at)
            OwnAccount = line.Message[(at + TransferTrace.AccountMark.Length)..];
        Side ??= SideHints.OfNames(line);
        Receiving.Add(line);
        if (!line.Message.AsSpan().ContainsAny(Words))
            return;
        Side ??= SideHints.OfText(line.Message);
        if (ReadOwn(line))
            return;
        Match(line);
        Read(line);
    }

    private void Match(LoggerTraceLine line)
    {
        foreach (var (cause, match) in _matches)
        {
            if (match.Rule.IsHealedBy(line.Message))
                _matches.Remove(cause);
        }

        string? satisfied = null;
        foreach (var rule in LineRules.All)
        {
            if (rule.Group == satisfied || !rule.Matches(line.Message))
                continue;
            satisfied = rule.Group;

            // What only says that something failed adds nothing once the reason stands there.
            if (rule.Certainty == FaultCertainty.Possible && _matches.Values.FirstOrDefault(m => m.Rule.Group == rule.Group) is { Rule: not null } reason)
                reason.Lines.AddMore(line);
            else if (_matches.TryGetValue(rule.Cause, out var known))
                known.Lines.Add(line);
            else
                _matches[rule.Cause] = (rule, new Evidence(line));
        }
    }

    private void Read(LoggerTraceLine line)
    {
        var text = line.Message;
        if (Has(text, "Checksum config complete") && Checksums.Count < MostOfAKind)
            Checksums.Add(new ConfigChecksum(FactText.Number(text, "Rows"), FactText.Number(text, "bytes"), FactText.Word(text, "checksum"), FactText.Number(text, "updateKey"), line));
        else if (FactText.KnownKey(text) is var (of, key) && KnownKeys.Count < MostOfAKind)
            KnownKeys.Add(new KnownKey(of, key, line));
        else if (Has(text, "SQL Server sort order is"))
            SortOrder = line;
        else if (Has(text, "Database uses Major Version"))
            SchemaOfDatabase = line;
        else if (Has(text, "Logger Compatible with Major Version"))
            SchemaOfLogger = line;
        else if (Has(text, "Initializing Event Management System"))
            Starts++;
        else if (Has(text, "completed Database Synchronization"))
            (ConfigSynchronized, SendingFailed) = (line, null);
        else if (Has(text, "setup to use file in sending state") || Has(text, "Unable to GetTempFileName"))
            SendingFailed ??= line;
        else if (Has(text, "Assertion failed"))
            AddAssertion(line);
    }

    private void AddAssertion(LoggerTraceLine line)
    {
        var expression = FactText.Expression(line.Message);
        if (_assertions.TryGetValue(expression, out var known))
            known.Add(line, Starts);
        else if (_assertions.Count < MostOfAKind)
            _assertions.Add(expression, new Assertion(expression, line, Starts));
    }

    private bool ReadOwn(LoggerTraceLine line)
    {
        if (OwnFailure.Read(line) is { } failure)
        {
            _unremedied = failure;
            if (OwnFailures.Count < MostOfAKind)
                OwnFailures.Add(failure);
            return true;
        }

        if (_unremedied is not null && line.Message.StartsWith(OwnFailure.RemedyMark, StringComparison.Ordinal))
        {
            _unremedied.Remedy = line.Message[OwnFailure.RemedyMark.Length..].Trim();
            _unremedied = null;
            return true;
        }

        // A resume goes on in the same trace, and may have mended it.
        if (line.Message.StartsWith(TransferTrace.EndMark, StringComparison.Ordinal) && Has(line.Message, $"has ended: {StateTransferStatus.Completed}"))
            OwnFailures.Clear();
        return false;
    }

    private static bool Has(string text, string fragment) => text.Contains(fragment, StringComparison.OrdinalIgnoreCase);
}

/// <summary>An assertion by its expression, and whether the process started anew between two of them.</summary>
internal sealed class Assertion(string expression, LoggerTraceLine line, int starts)
{
    public string Expression => expression;

    public Evidence Lines { get; } = new(line);

    public bool Restarted { get; private set; }

    public void Add(LoggerTraceLine again, int startsNow)
    {
        Lines.Add(again);
        Restarted |= startsNow > starts;
    }
}

/// <summary>A receiver from its request for the state on.</summary>
internal sealed class Receiving
{
    private static readonly string[] Ends = ["complete", "success", "received", "has ended", "finished"];

    public LoggerTraceLine? Begun { get; private set; }

    public Evidence? Waits { get; private set; }

    /// <summary>Something else than waiting was written since.</summary>
    public bool WentOn { get; private set; }

    /// <summary>The process started anew, or asserted, while it waited.</summary>
    public bool BrokeOff { get; private set; }

    public void Add(LoggerTraceLine line)
    {
        var text = line.Message;
        if (text.Contains("state transfer RECEIVE operation", StringComparison.OrdinalIgnoreCase))
        {
            if (Ends.Any(end => text.Contains(end, StringComparison.OrdinalIgnoreCase)))
                (Begun, Waits) = (null, null);
            else
                (Begun, Waits, WentOn, BrokeOff) = (line, null, false, BrokeOff);
            return;
        }

        if (Begun is null || line.TimeOfDay is null || WentOn)
            return;
        if (text.Contains("Waiting for MDS Messages", StringComparison.OrdinalIgnoreCase))
            (Waits ??= new Evidence()).Add(line);
        else if (text.Contains("Assertion failed", StringComparison.OrdinalIgnoreCase) || text.Contains("Initializing Event Management", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("Release ", StringComparison.Ordinal))
            BrokeOff |= Waits is not null;
        else if (!BrokeOff)
            WentOn = true;
    }
}
