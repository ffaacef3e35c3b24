using System.Text;
using LoggerCms.Core.Files;

namespace LoggerCms.Core.Tests.Files;

/// <summary>What every file layer does, so that what a crash test shows of one holds for the other.</summary>
public abstract class FileLayerContract
{
    internal abstract IFileLayer Layer { get; }

    /// <summary>A folder that is there.</summary>
    protected abstract string Root { get; }

    [Fact]
    public void What_is_written_at_its_place_is_read_back()
    {
        using var file = Layer.Create(At("a"));
        file.Write("hello world"u8, 0);
        file.Write("W"u8, 6);
        file.Write("!"u8, 11);
        file.Sync();

        Assert.Equal(12, file.Length);
        Assert.Equal("hello World!", Read("a"));
    }

    [Fact]
    public void A_read_behind_the_end_gives_nothing_and_one_across_it_gives_what_is_there()
    {
        Make("a", "0123456789");
        using var file = Layer.Open(At("a"));
        var bytes = new byte[8];

        Assert.Equal(0, file.Read(bytes, 10));
        Assert.Equal(0, file.Read(bytes, 1000));
        Assert.Equal(4, file.ReadFully(bytes, 6));
        Assert.Equal("6789", Encoding.ASCII.GetString(bytes, 0, 4));
    }

    [Fact]
    public void A_file_that_is_there_is_not_made_again()
    {
        Make("a", "old");
        Assert.ThrowsAny<IOException>(() => Layer.Create(At("a")));
        Assert.Equal("old", Read("a"));
    }

    [Fact]
    public void A_file_is_read_while_it_is_written()
    {
        using var writer = Layer.Create(At("a"));
        writer.Write("one"u8, 0);
        using var reader = Layer.Open(At("a"));
        writer.Write("two"u8, 3);

        var bytes = new byte[10];
        Assert.Equal(6, reader.ReadFully(bytes, 0));
    }

    [Fact]
    public void A_rename_takes_the_place_of_what_was_there()
    {
        Make("a", "new");
        Make("b", "old");
        Layer.Rename(At("a"), At("b"));

        Assert.Null(Layer.Find(At("a")));
        Assert.Equal("new", Read("b"));
        Assert.Throws<FileNotFoundException>(() => Layer.Rename(At("a"), At("b")));
    }

    [Fact]
    public void A_whole_file_is_replaced_also_where_an_earlier_attempt_was_left()
    {
        Make("a", "old and longer");
        Make("a.partial", "half of");
        Layer.Replace(At("a"), "new"u8);

        Assert.Equal("new", Read("a"));
        Assert.Null(Layer.Find(At("a.partial")));
    }

    [Fact]
    public void Files_are_found_and_listed_with_their_length()
    {
        Make("a", "1");
        Make("b", "22");
        Layer.MakeFolder(At("folder"));

        Assert.Equal(2, Layer.Find(At("b"))!.Value.Length);
        Assert.Null(Layer.Find(At("c")));
        Assert.Null(Layer.Find(At("folder")));
        Assert.Equal([(At("a"), 1L), (At("b"), 2L)], Layer.List(Root).Select(f => (f.Path, f.Length)).Order());
        Assert.Empty(Layer.List(At("nowhere")));
    }

    [Fact]
    public void A_file_is_deleted_once_and_then_is_nothing_to_delete()
    {
        Make("a", "1");
        Layer.Delete(At("a"));
        Layer.Delete(At("a"));
        Layer.DeleteForGood(At("a"));

        Assert.Null(Layer.Find(At("a")));
        Assert.Throws<FileNotFoundException>(() => Layer.Open(At("a")));
    }

    [Fact]
    public void An_open_file_knows_whether_it_still_has_a_name()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || OperatingSystem.IsMacOS(), "It cannot be asked there.");
        using var file = Layer.Create(At("a"));
        Layer.Rename(At("a"), At("b"));
        Assert.True(file.HasName);
        Layer.Delete(At("b"));
        Assert.False(file.HasName);
        file.Write("hello"u8, 0);
        file.SyncData();
        Assert.Equal(5, file.Length);
        Assert.False(file.HasName);
    }

    [Fact]
    public void An_open_file_knows_whether_a_path_leads_to_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows() || OperatingSystem.IsMacOS(), "It cannot be asked there.");
        using var file = Layer.Create(At("a"));
        Assert.Equal((true, false), (file.IsAt(At("a")), file.IsAt(At("b"))));
        Layer.Rename(At("a"), At("b"));
        Assert.Equal((false, true), (file.IsAt(At("a")), file.IsAt(At("b"))));
        Make("c", "1");
        Layer.Rename(At("c"), At("b"));
        Assert.False(file.IsAt(At("b")));
    }

    [Fact]
    public void Folders_are_made_with_those_above_them_and_once_more_without_a_word()
    {
        var deep = Path.Combine(Root, "x", "y", "z");
        Layer.MakeFolder(deep);
        Layer.MakeFolder(deep);
        Layer.Create(Path.Combine(deep, "a")).Dispose();
        Layer.SyncFolder(deep);

        Assert.Single(Layer.List(deep));
    }

    [Fact]
    public void What_needs_a_folder_that_is_not_there_fails()
    {
        var path = Path.Combine(Root, "nowhere", "a");
        Assert.Throws<DirectoryNotFoundException>(() => Layer.Create(path));
        Assert.Throws<DirectoryNotFoundException>(() => Layer.Open(path));
        Assert.Throws<DirectoryNotFoundException>(() => Layer.Delete(path));
        Assert.ThrowsAny<IOException>(() => Layer.SyncFolder(Path.Combine(Root, "nowhere")));
    }

    protected string At(string name) => Path.Combine(Root, name);

    private void Make(string name, string text)
    {
        using var file = Layer.Create(At(name));
        file.Write(Encoding.ASCII.GetBytes(text), 0);
    }

    private string Read(string name)
    {
        using var file = Layer.Open(At(name));
        var bytes = new byte[file.Length];
        Assert.Equal(bytes.Length, file.ReadFully(bytes, 0));
        return Encoding.ASCII.GetString(bytes);
    }
}
