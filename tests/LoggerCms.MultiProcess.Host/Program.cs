using System.Globalization;
using System.Runtime.InteropServices;
using LoggerCms;
using LoggerCms.Databases;
using LoggerCms.MultiProcess.Host;

// Runs one call of the engine and says on standard output what it does, a line a fact, so that a test can stop, cut and kill it at a known place.
using var cancel = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
{
    signal.Cancel = true;
    cancel.Cancel();
});
var options = args.Skip(1).Select(a => a.Split('=', 2)).ToDictionary(p => p[0], p => p[1], StringComparer.Ordinal);
var engine = new SideEngineFactory().Create();
try
{
    switch (args[0])
    {
        case "transfer":
            Say(await engine.TransferAsync(Request(), new Gate(options.GetValueOrDefault("pause")), cancel.Token));
            break;
        case "resume":
            Say(await engine.ResumeAsync(new ResumeRequest { Id = Guid.Parse(options["id"]) }, new Gate(options.GetValueOrDefault("pause")), cancel.Token));
            break;
        case "undo":
            Say(await engine.UndoAsync(new UndoRequest { Id = Guid.Parse(options["id"]) }, new Gate(options.GetValueOrDefault("pause")), cancel.Token));
            break;
        case "settle":
            var destination = options.TryGetValue("destination", out var text) ? new SideConnection(text) : null;
            Say(await engine.SettleAsync(Guid.Parse(options["id"]), destination, cancel.Token));
            break;
        case "stop":
            engine.StopTransfer(Guid.Parse(options["id"]));
            break;
        case "transfers":
            foreach (var transfer in engine.GetTransfers(null))
                Say(transfer);
            break;
        case "files":
            foreach (var file in engine.GetTransferFiles())
                Console.WriteLine($"file {file.Kind} {file.Path}");
            break;
        default:
            throw new ArgumentException($"'{args[0]}' is no command of this host.");
    }

    return 0;
}
catch (LoggerCmsException failure)
{
    Console.WriteLine($"error {failure.Code} {failure.Phase ?? "-"} {failure.Message.ReplaceLineEndings(" ")} | {failure.Remedy.ReplaceLineEndings(" ")}");
    return 1;
}

StateTransferRequest Request() => new()
{
    Source = new SideConnection(options["source"]),
    Destination = new SideConnection(options["destination"]),
    Mode = Enum.Parse<StateTransferMode>(options.GetValueOrDefault("mode", "Auto")),
    Spool = Enum.Parse<SpoolMode>(options.GetValueOrDefault("spool", "File")),
    AllowStreaming = options.ContainsKey("stream"),
    TempPath = options.GetValueOrDefault("temp"),
    LockTimeout = TimeSpan.FromSeconds(double.Parse(options.GetValueOrDefault("lock", "10"), CultureInfo.InvariantCulture)),
    ThrottleMBps = double.Parse(options.GetValueOrDefault("throttle", "0"), CultureInfo.InvariantCulture),
    Verify = options.TryGetValue("verify", out var verify) ? Enum.Parse<VerifyLevel>(verify) : null,
    Force = options.ContainsKey("force"),
};

static void Say(StateTransferResult result)
{
    foreach (var note in result.Notes)
        Console.WriteLine($"note {note.ReplaceLineEndings(" ")}");
    Console.WriteLine($"result {result.Status} {result.Id} {result.Equal?.ToString() ?? "null"} {result.Mode} {result.ErrorCode ?? "-"}");
}
