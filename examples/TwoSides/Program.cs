using LoggerCms;
using LoggerCms.Databases;
using TwoSides;

// Two sides that should be equal, and are not: A missed changes while it was away, and one bit of a text went bad.
// This makes both, shows how they differ, brings A to the state of B, proves that they are equal, and shows the way back.
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, e) =>
{
    e.Cancel = true;
    stop.Cancel();
};

try
{
    var folder = SidesFolder.Renew();
    Environment.SetEnvironmentVariable("LOGGERCMS_HOME", folder.Records);
    using var trace = new Trace(folder.TracePath);
    return await new Walkthrough(new SideEngineFactory().Create(), folder, trace).RunAsync(stop.Token) ? 0 : 1;
}
catch (LoggerCmsException failure)
{
    Console.Error.WriteLine($"{failure.Code}: {failure.Message}\n{failure.Remedy}");
    return 1;
}
catch (OperationCanceledException)
{
    Console.Error.WriteLine("Cancelled; run it again to begin anew.");
    return 1;
}
