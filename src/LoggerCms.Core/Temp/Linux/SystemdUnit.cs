using System.Globalization;

namespace LoggerCms.Core.Temp.Linux;

/// <summary>What systemd says of a service.</summary>
internal sealed record SystemdUnit
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    public required string Name { get; init; }

    public bool IsLoaded { get; init; }

    /// <summary>0 where it does not run.</summary>
    public int MainProcess { get; init; }

    public string User { get; init; } = "root";

    public bool HasDynamicUser { get; init; }

    public bool HasPrivateTemp { get; init; }

    /// <summary>TMPDIR of its Environment= lines; environment files are not read.</summary>
    public string? Temp { get; init; }

    /// <summary>Asks systemctl; a reason in the place of the unit where that gives no answer.</summary>
    public static async Task<(SystemdUnit? Unit, string? Why)> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (name.StartsWith('-'))
            throw new LoggerCmsException(ErrorCodes.InvalidOption, $"'{name}' is not the name of a service.", "Give a name such as 'loggercms-node' or 'loggercms-node.service'.");
        if (ChildProcess.Find("systemctl") is not { } program)
            return (null, "systemctl is not on this machine");
        var (exitCode, output, error) = await ChildProcess.RunAsync(
            program,
            ["show", "--property=LoadState,MainPID,User,DynamicUser,PrivateTmp,Environment", "--", name],
            default,
            Limit,
            cancellationToken).ConfigureAwait(false);
        if (exitCode != 0)
            return (null, $"systemctl says: {error.Trim()}");
        var unit = Parse(name, System.Text.Encoding.UTF8.GetString(output));
        return unit.IsLoaded ? (unit, null) : (null, $"systemd has no unit '{name}'");
    }

    /// <summary>Reads the <c>Name=value</c> lines of systemctl show.</summary>
    public static SystemdUnit Parse(string name, string text)
    {
        var values = text.Split('\n')
            .Select(line => line.Split('=', 2))
            .Where(parts => parts.Length == 2)
            .DistinctBy(parts => parts[0])
            .ToDictionary(parts => parts[0], parts => parts[1].TrimEnd('\r'), StringComparer.Ordinal);
        return new SystemdUnit
        {
            Name = name,
            IsLoaded = values.GetValueOrDefault("LoadState") == "loaded",
            MainProcess = int.TryParse(values.GetValueOrDefault("MainPID"), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0,
            User = values.GetValueOrDefault("User") is { Length: > 0 } user ? user : "root",
            HasDynamicUser = values.GetValueOrDefault("DynamicUser") == "yes",
            HasPrivateTemp = values.GetValueOrDefault("PrivateTmp") is { Length: > 0 } and not "no",
            Temp = Variable(values.GetValueOrDefault("Environment") ?? string.Empty, ServiceProcess.TempVariable),
        };
    }

    /// <summary>One of the assignments, each of which systemd quotes as a whole where it holds blanks.</summary>
    private static string? Variable(string assignments, string name)
    {
        var at = 0;
        while (at < assignments.Length)
        {
            var quoted = assignments[at] == '"';
            var start = quoted ? at + 1 : at;
            var end = start;
            var value = new System.Text.StringBuilder();
            while (end < assignments.Length && assignments[end] != (quoted ? '"' : ' '))
            {
                if (assignments[end] == '\\' && end + 1 < assignments.Length)
                    end++;
                value.Append(assignments[end++]);
            }

            if (value.ToString() is var one && one.StartsWith(name + "=", StringComparison.Ordinal))
                return one[(name.Length + 1)..];
            at = end + 1;
            while (at < assignments.Length && assignments[at] == ' ')
                at++;
        }

        return null;
    }
}
