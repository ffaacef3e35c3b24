using Microsoft.Extensions.Configuration;

namespace LoggerCms.Node;

/// <summary>Reads the settings from file, environment and arguments.</summary>
internal static class NodeConfiguration
{
    private const string EnvironmentPrefix = "LOGGERCMS_NODE_";

    private static HashSet<string> Known => typeof(NodeSettings).GetProperties().Select(p => p.Name).Append("settings").ToHashSet(StringComparer.OrdinalIgnoreCase);

    /// <exception cref="LoggerCmsException">InvalidOption: a setting that is unknown or has no such value, or a file that is not JSON; an argument that is none.</exception>
    public static NodeSettings Read(string[] arguments)
    {
        Check(arguments);
        try
        {
            var given = new ConfigurationBuilder().AddEnvironmentVariables(EnvironmentPrefix).AddCommandLine(arguments).Build();
            var file = given["settings"] ?? Path.Combine(given.Get<NodeSettings>()?.Complete().DataPath ?? "", "node.json");
            var all = new ConfigurationBuilder()
                .AddJsonFile(Path.GetFullPath(file), optional: given["settings"] is null)
                .AddEnvironmentVariables(EnvironmentPrefix)
                .AddCommandLine(arguments)
                .Build();
            if (all.GetChildren().FirstOrDefault(c => !Known.Contains(c.Key)) is { } unknown)
                throw Refused($"There is no setting '{unknown.Key}'.");

            return (all.Get<NodeSettings>() ?? new NodeSettings()).Complete();
        }
        catch (Exception exception) when (exception is InvalidOperationException or InvalidDataException or FormatException or FileNotFoundException)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"The settings cannot be read: {exception.Message}{Cause(exception)}", "Correct the file, environment or argument.", innerException: exception);
        }
    }

    // Where in the file it is wrong.
    private static string Cause(Exception exception) => exception.GetBaseException() is var cause && cause != exception ? $" {cause.Message}" : "";

    // What the framework cannot pair it passes over in silence.
    private static void Check(string[] arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            var argument = arguments[i];
            if (argument.Contains('=', StringComparison.Ordinal))
                continue;
            if (!argument.StartsWith("--", StringComparison.Ordinal) && !argument.StartsWith('/'))
                throw Refused($"The argument '{argument}' is no setting, and the value of none.");
            if (++i == arguments.Length || arguments[i].StartsWith("--", StringComparison.Ordinal))
                throw Refused($"The setting '{argument}' has no value.");
        }
    }

    private static LoggerCmsException Refused(string message)
        => new(ErrorCodes.InvalidOption, message, $"Give --NAME VALUE; --help shows the settings: {string.Join(", ", Known.Order())}.");
}
