using LoggerCms.Core.Files;

namespace LoggerCms.Core.Tests.Files;

public sealed class SystemFilesTests : FileLayerContract, IDisposable
{
    internal override IFileLayer Layer => SystemFiles.Instance;

    protected override string Root { get; } = Directory.CreateTempSubdirectory("loggercms-files-").FullName;

    [Fact]
    public void Files_and_folders_are_their_owners_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes.");
        Layer.MakeFolder(Path.Combine(Root, "x", "y"));
        Layer.Replace(At("a"), "1"u8);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, Mode(At("a")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, Mode(At("x")));
        Assert.Equal(Mode(At("x")), Mode(Path.Combine(Root, "x", "y")));

        static UnixFileMode Mode(string path)
            => OperatingSystem.IsWindows() ? throw new PlatformNotSupportedException() : File.GetUnixFileMode(path);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
