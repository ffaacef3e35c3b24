using Microsoft.Extensions.Configuration;

namespace LoggerCms.Node;

/// <summary>Reads the settings from file, environment and arguments.</summary>
internal static class NodeConfiguration
{
    private const string EnvironmentPrefix = "LOGGERCMS_NODE_";

    /// <exception cref="LoggerCmsException">InvalidOption: a setting that is unknown or has no such value, or a file that is not JSON.</exception>
    public static NodeSettings Read(string[] arguments)
    {
        try
        {
            var given = new ConfigurationBuilder().AddEnvironmentVariables(EnvironmentPrefix).AddCommandLine(arguments).Build();
            var file = given["settings"] ?? Path.Combine(given.Get<NodeSettings>()?.Complete().DataPath ?? "", "node.json");
            var all = new ConfigurationBuilder()
                .AddJsonFile(Path.GetFullPath(file), optional: given["settings"] is null)
                .AddEnvironmentVariables(EnvironmentPrefix)
                .AddCommandLine(arguments)
                .Build();
            var known = typeof(NodeSettings).GetProperties().Select(p => p.Name).Append("settings").ToHashSet(StringComparer.OrdinalIgnoreCase);
            if (all.GetChildren().FirstOrDefault(c => !known.Contains(c.Key)) is { } unknown)
            {
                throw new LoggerCmsException(
                    ErrorCodes.InvalidOption, $"There is no setting '{unknown.Key}'.", $"The settings are {string.Join(", ", known.Order())}.");
            }

            return (all.Get<NodeSettings>() ?? new NodeSettings()).Complete();
        }
        catch (Exception exception) when (exception is InvalidOperationException or InvalidDataException or FormatException or FileNotFoundException)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"The settings cannot be read: {exception.Message}", "Correct the file, environment or argument.", innerException: exception);
        }
    }
}
