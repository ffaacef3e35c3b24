using System.Runtime.Versioning;
using System.Security.Principal;
using Microsoft.Win32;

namespace LoggerCms.Core.Temp.Windows;

/// <summary>An account of Windows and the temp folder that its services get.</summary>
[SupportedOSPlatform("windows")]
internal sealed record WindowsAccount(string Name, SecurityIdentifier Sid)
{
    private const string Profiles = @"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList";
    private const string Services = @"SYSTEM\CurrentControlSet\Services";
    private const string MachineEnvironment = @"SYSTEM\CurrentControlSet\Control\Session Manager\Environment";

    public bool IsCaller => WindowsIdentity.GetCurrent().User == Sid;

    public static WindowsAccount Current()
    {
        using var identity = WindowsIdentity.GetCurrent();
        return new WindowsAccount(identity.Name, identity.User!);
    }

    /// <exception cref="LoggerCmsException">AccountNotFound.</exception>
    public static WindowsAccount ByName(string name)
    {
        try
        {
            var full = name.Equals("LocalSystem", StringComparison.OrdinalIgnoreCase) ? @"NT AUTHORITY\SYSTEM" : name.StartsWith(@".\", StringComparison.Ordinal) ? name[2..] : name;
            return name.StartsWith("S-1-", StringComparison.OrdinalIgnoreCase)
                ? BySid(new SecurityIdentifier(name))
                : new WindowsAccount(name, (SecurityIdentifier)new NTAccount(full).Translate(typeof(SecurityIdentifier)));
        }
        catch (Exception exception) when (exception is IdentityNotMappedException or ArgumentException)
        {
            throw new LoggerCmsException(
                ErrorCodes.AccountNotFound, $"This machine knows no account '{name}'.", @"Give DOMAIN\name, .\name, NT SERVICE\name or a SID.", innerException: exception);
        }
    }

    public static WindowsAccount BySid(SecurityIdentifier sid)
    {
        try
        {
            return new WindowsAccount(sid.Translate(typeof(NTAccount)).Value, sid);
        }
        catch (IdentityNotMappedException)
        {
            return new WindowsAccount(sid.Value, sid);
        }
    }

    /// <summary>The account a service logs on with, and the TEMP of its own environment; null where there is no such service.</summary>
    public static (WindowsAccount Account, string? Temp)? OfService(string service)
    {
        using var key = Registry.LocalMachine.OpenSubKey($@"{Services}\{service}");
        if (key?.GetValue("ObjectName") is not string name)
            return null;
        var variables = key.GetValue("Environment") as string[] ?? [];
        return (ByName(name), ValueOf(variables, "TEMP") ?? ValueOf(variables, "TMP"));
    }

    /// <summary>The temp folder that a process of this account gets: not the caller's.</summary>
    public string? TempFolder()
    {
        if (IsCaller)
            return Path.TrimEndingDirectorySeparator(Path.GetTempPath());
        if (Sid.IsWellKnown(WellKnownSidType.LocalSystemSid))
        {
            using var machine = Registry.LocalMachine.OpenSubKey(MachineEnvironment);
            return machine?.GetValue("TEMP") as string;
        }

        using var profile = Registry.LocalMachine.OpenSubKey($@"{Profiles}\{Sid.Value}");
        if (profile?.GetValue("ProfileImagePath") is not string home)
            return null;

        // Only there while the account is logged on; otherwise its profile has the folder that Windows gives everyone.
        using var environment = Registry.Users.OpenSubKey($@"{Sid.Value}\Environment");
        return environment?.GetValue("TEMP", null, RegistryValueOptions.DoNotExpandEnvironmentNames) is string temp
            ? temp.Replace("%USERPROFILE%", home, StringComparison.OrdinalIgnoreCase)
            : Path.Combine(home, "AppData", "Local", "Temp");
    }

    private static string? ValueOf(string[] variables, string name)
        => variables.FirstOrDefault(v => v.StartsWith(name + "=", StringComparison.OrdinalIgnoreCase))?[(name.Length + 1)..];
}
