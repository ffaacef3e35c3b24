using LoggerCms.Core.Files;

namespace LoggerCms.Core.Tests.Files;

public sealed class LockFileTests
{
    [Fact]
    public void It_is_held_by_one_and_open_to_its_owner_only_also_where_it_was_there_before()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
            return;
        }

        var folder = Directory.CreateTempSubdirectory("loggercms-lock-");
        try
        {
            var path = Path.Combine(folder.FullName, "a.lock");
            File.WriteAllText(path, "");
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
            using (LockFile.Open(path))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
                Assert.Throws<IOException>(() => LockFile.Open(path));
            }

            LockFile.Open(path).Dispose();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
