using System.Runtime.InteropServices;

namespace LoggerCms.Core.Temp.Linux;

/// <summary>What quotas of the account and of its group leave. A project's quota is seen by the probe only.</summary>
internal sealed class QuotaChecks(TempCheckList list, LinuxAccount account, long required)
{
    /// <returns>Bytes left; null where nothing limits them or it could not be found out.</returns>
    public long? Run(string path)
    {
        var handle = LibC.OpenAt(LibC.CurrentFolder, path, LibC.PathOnly | LibC.CloseOnExec);
        if (handle < 0)
        {
            list.Unknown("Quota", TempCheckMethod.Read, Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
            return null;
        }

        try
        {
            var user = QuotaRoom.Of(handle, ofGroup: false, account.User, out var error);
            var group = QuotaRoom.Of(handle, ofGroup: true, account.Group, out var groupError);
            if (user is null && group is null)
            {
                None(error, groupError);
                return null;
            }

            return Room(user, group);
        }
        finally
        {
            _ = LibC.Close(handle);
        }
    }

    /// <summary>ESRCH: quotas are off. Others say that this kernel, file system or caller cannot tell.</summary>
    private void None(int error, int groupError)
    {
        var other = error is Errno.NoProcess or Errno.NotImplemented ? groupError : error;
        if (other == Errno.NoProcess)
            list.Pass("Quota", TempCheckMethod.Read, "no quota of the account or its group is in force");
        else if (other == Errno.NotImplemented)
            list.Pass("Quota", TempCheckMethod.Read, "this file system or kernel keeps no quotas that can be asked for; the probe would meet them");
        else
            list.Unknown("Quota", TempCheckMethod.Read, $"quotas cannot be asked for: {Marshal.GetPInvokeErrorMessage(other)}");
    }

    internal long? Room(QuotaRoom? user, QuotaRoom? group)
    {
        var bytes = Least(user?.FreeBytes, group?.FreeBytes);
        var inodes = Least(user?.FreeInodes, group?.FreeInodes);
        var remedy = $"repquota -a | Select-String {TempRemedy.Quote(account.Name)} # then setquota";
        if (inodes == 0)
            list.Fail("Quota", TempAccessCause.QuotaExceeded, TempCheckMethod.Read, "the quota of files is used up", remedy);
        else if (bytes is { } free)
            list.Room("Quota", TempAccessCause.QuotaExceeded, free, required, "bytes of quota", remedy);
        else
            list.Pass("Quota", TempCheckMethod.Read, "the quota does not limit bytes");
        return bytes;
    }

    private static long? Least(long? one, long? other) => one is null ? other : other is null ? one : Math.Min(one.Value, other.Value);
}
