using LoggerCms.PowerShell.Objects;
using Xunit;

namespace LoggerCms.PowerShell.Tests.Objects;

public sealed class CmsPathTests
{
    [Theory]
    [InlineData("/Root Folder/Sales", "/Root Folder")]
    [InlineData("/Root Folder", "/")]
    [InlineData("/", "/")]
    [InlineData(@"/a/b\/c", "/a")]
    [InlineData(@"/a/b\\/c", @"/a/b\\")]
    public void The_folder_of_a_path_ends_before_a_slash_that_is_in_no_name(string path, string folder)
        => Assert.Equal(folder, CmsPath.Parent(path));
}
