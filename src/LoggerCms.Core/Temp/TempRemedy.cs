namespace LoggerCms.Core.Temp;

/// <summary>Remedies as commands that can be pasted into a shell.</summary>
internal static class TempRemedy
{
    /// <summary>A value as the shell takes it literally.</summary>
    public static string Quote(string value) => $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";

    public static string Repair(string path, string account, TempRight right = TempRight.Modify)
        => $"Repair-TempAcl -Path {Quote(path)} -Account {Quote(account)}{(right == TempRight.Modify ? string.Empty : $" -Right {right}")}";

    public static string Test(string path, string account, long requiredBytes = 0)
        => FormattableString.Invariant(
            $"Test-TempAccess -Path {Quote(path)} -Account {Quote(account)}{(requiredBytes > 0 ? $" -RequiredBytes {requiredBytes}" : string.Empty)}");

    public static string Make(string path, string account)
        => $"$null = New-Item -ItemType Directory -Path {Quote(path)}; {Repair(path, account)}";

    /// <summary>A command of this module for those that only root may run, as one argument in double quotes.</summary>
    public static string AsRoot(string command)
        => $"sudo pwsh -Command \"{command.Replace("`", "``", StringComparison.Ordinal).Replace("\"", "`\"", StringComparison.Ordinal).Replace("$", "`$", StringComparison.Ordinal)}\"";

    /// <summary>The largest files and folders, because what can go is for people to decide.</summary>
    public static string ShowLargest(string path)
        => $"Get-ChildItem -LiteralPath {Quote(path)} -Recurse -File -Force -ErrorAction Ignore | Sort-Object Length -Descending | Select-Object -First 20 Length, LastWriteTime, FullName";

    /// <summary>What there is most of, where names or inodes ran out.</summary>
    public static string ShowOldest(string path)
        => $"Get-ChildItem -LiteralPath {Quote(path)} -Recurse -File -Force -ErrorAction Ignore | Sort-Object LastWriteTime | Select-Object -First 20 Length, LastWriteTime, FullName";
}
