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

    [Fact]
    public void A_copy_of_a_folder_has_another_mark_and_a_renamed_folder_its_own()
    {
        var folder = Path.Combine(Root, "data");
        Layer.MakeFolder(folder);
        var mark = Layer.Mark(folder);
        Assert.SkipWhen(mark is null, "The file system does not tell when a folder was made.");
        Directory.CreateDirectory(Path.Combine(Root, "copy"));
        Assert.NotEqual(mark, Layer.Mark(Path.Combine(Root, "copy")));
        Directory.Move(folder, Path.Combine(Root, "moved"));
        Layer.Replace(Path.Combine(Root, "moved", "a"), "1"u8);
        Assert.Equal(mark, Layer.Mark(Path.Combine(Root, "moved")));
        Directory.CreateSymbolicLink(Path.Combine(Root, "link"), Path.Combine(Root, "moved"));
        Assert.Equal(mark, Layer.Mark(Path.Combine(Root, "link")));
        Assert.Null(Layer.Mark(Path.Combine(Root, "nowhere")));
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
