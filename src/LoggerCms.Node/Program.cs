using LoggerCms;
using LoggerCms.Node;

// Exit codes: 0 stopped when asked, 1 could not start or had to end; the reason is the last line on standard error.
try
{
    var settings = NodeConfiguration.Read(args);
    if (settings.Detached)
        Detachment.Leave(settings.DataPath);

    // A request is handled on the thread that its socket is heard on, without waking another for it. Not where a database driver has sockets too:
    // what waits for one of its answers on such a thread could wait for ever.
    if (settings.AreDatabasesFiles())
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
    await using var host = await NodeHost.StartAsync(settings).ConfigureAwait(false);
    return await host.RunAsync().ConfigureAwait(false);
}
catch (LoggerCmsException exception)
{
    // A tab before the remedy, so that whoever started the process can tell the two apart.
    await Console.Error.WriteLineAsync($"[{exception.Code}] {exception.Message}\t{exception.Remedy}").ConfigureAwait(false);
    return 1;
}
