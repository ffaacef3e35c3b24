using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Security.AccessControl;
using System.Security.Principal;

namespace LoggerCms.Core.Temp.Windows;

/// <summary>
/// What an access list gives an account in effect, by AuthZ, which walks the entries in their order as the system does:
/// <c>GetEffectiveRightsFromAcl</c> does not, and gets an inherited denial behind an explicit grant wrong.
/// </summary>
[SupportedOSPlatform("windows")]
internal static partial class EffectiveRights
{
    private const uint MaximumAllowed = 0x02000000;
    private const int NoAudit = 1;

    /// <exception cref="Win32Exception">The account's groups cannot be found out: its domain is not reached.</exception>
    public static FileSystemRights Of(DirectorySecurity security, SecurityIdentifier account)
    {
        var sid = new byte[account.BinaryLength];
        account.GetBinaryForm(sid, 0);
        var descriptor = security.GetSecurityDescriptorBinaryForm();
        if (!InitializeManager(NoAudit, 0, 0, 0, null, out var manager))
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        try
        {
            if (!InitializeContext(0, sid, manager, 0, default, 0, out var context))
                throw new Win32Exception(Marshal.GetLastPInvokeError());
            try
            {
                return Check(context, descriptor);
            }
            finally
            {
                _ = FreeContext(context);
            }
        }
        finally
        {
            _ = FreeManager(manager);
        }
    }

    private static unsafe FileSystemRights Check(nint context, byte[] descriptor)
    {
        uint granted = 0;
        uint error = 0;
        var request = new AccessRequest { DesiredAccess = MaximumAllowed };
        var reply = new AccessReply { ResultListLength = 1, GrantedAccessMask = &granted, Error = &error };
        return AccessCheck(0, context, ref request, 0, descriptor, 0, 0, ref reply, 0)
            ? (FileSystemRights)granted
            : throw new Win32Exception(Marshal.GetLastPInvokeError());
    }

    [LibraryImport("authz", EntryPoint = "AuthzInitializeResourceManager", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool InitializeManager(int flags, nint accessCheck, nint computeGroups, nint freeGroups, string? name, out nint manager);

    [LibraryImport("authz", EntryPoint = "AuthzFreeResourceManager")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool FreeManager(nint manager);

    [LibraryImport("authz", EntryPoint = "AuthzInitializeContextFromSid", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool InitializeContext(int flags, byte[] sid, nint manager, nint expiration, LocalId identifier, nint dynamicGroups, out nint context);

    [LibraryImport("authz", EntryPoint = "AuthzFreeContext")]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool FreeContext(nint context);

    [LibraryImport("authz", EntryPoint = "AuthzAccessCheck", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool AccessCheck(
        int flags, nint context, ref AccessRequest request, nint audit, byte[] descriptor, nint more, int count, ref AccessReply reply, nint handle);

    [StructLayout(LayoutKind.Sequential)]
    private struct LocalId
    {
        public uint Low;
        public int High;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct AccessRequest
    {
        public uint DesiredAccess;
        public nint PrincipalSelf;
        public nint ObjectTypes;
        public uint ObjectTypeCount;
        public nint Optional;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct AccessReply
    {
        public uint ResultListLength;
        public uint* GrantedAccessMask;
        public nint SaclEvaluation;
        public uint* Error;
    }
}
