using LoggerCms;
using LoggerCms.Node;

// Exit codes: 0 stopped when asked, or asked for help, 1 could not start or had to end, 3 likewise where another start would end in the same way until somebody decides; the
// reason is the last line on standard error.
try
{
    if (NodeHelp.IsAsked(args))
    {
        await Console.Out.WriteAsync(NodeHelp.Text()).ConfigureAwait(false);
        return 0;
    }

    var settings = NodeConfiguration.Read(args);
    if (settings.Detached)
        Detachment.Leave(settings.DataPath);

    // A request is handled on the thread that its socket is heard on, without waking another for it. Not where a database driver has sockets too:
    // what waits for one of its answers on such a thread could wait for ever.
    if (settings.AreDatabasesFiles())
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
    await using var host = await NodeHost.StartAsync(settings).ConfigureAwait(false);
    return host is null ? 0 : await host.RunAsync().ConfigureAwait(false);
}
catch (LoggerCmsException exception)
{
    return await SayAsync(exception.Code, exception.Message, exception.Remedy).ConfigureAwait(false);
}
catch (Exception exception)
{
    // Where it came from is for whoever mends it, and stands before the reason.
    return await SayAsync(
        ErrorCodes.Unexpected, $"The node ended: {exception.GetType().Name}: {exception.Message}", "Look at the settings and at the lines before this one.",
        exception.StackTrace + Environment.NewLine).ConfigureAwait(false);
}

// A tab before the remedy, so that whoever started the process can tell the two apart.
static async Task<int> SayAsync(string code, string message, string remedy, string before = "")
{
    try
    {
        await Console.Error.WriteLineAsync(before + $"[{code}] {message}\t{remedy}".ReplaceLineEndings(" ")).ConfigureAwait(false);
    }
    catch (IOException)
    {
        // Its disk is full, which may be the very reason. The exit code is left to tell.
    }

    return code == ErrorCodes.DatabaseWentBack ? 3 : 1;
}
