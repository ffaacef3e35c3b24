using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace LoggerCms.PowerShell.Tests;

/// <summary>Holds the directions of the dependencies between the projects.</summary>
public sealed class ArchitectureTests
{
    private const int MostLines = 400;

    /// <summary>What each project may refer to of this product's projects, in its project file and in its assembly.</summary>
    public static TheoryData<string, string[]> Allowed => new()
    {
        { "LoggerCms.Contracts", [] },
        { "LoggerCms.Core", ["LoggerCms.Contracts"] },
        { "LoggerCms.Databases", ["LoggerCms.Contracts", "LoggerCms.Core"] },
        { "LoggerCms.Client", ["LoggerCms.Contracts", "LoggerCms.Core", "LoggerCms.Databases"] },
        { "LoggerCms.Node", ["LoggerCms.Contracts", "LoggerCms.Core", "LoggerCms.Databases"] },
        { "LoggerCms.PowerShell", ["LoggerCms.Contracts"] },
    };

    [Theory]
    [MemberData(nameof(Allowed))]
    public void A_project_refers_only_to_the_projects_it_stands_on(string project, string[] allowed)
    {
        Assert.SkipUnless(File.Exists(Repository.Assembly(project)), $"{project} is not built in {Repository.Configuration}");

        var own = References(project).Where(name => name.StartsWith("LoggerCms.", StringComparison.Ordinal));

        Assert.Empty(own.Except(allowed));
    }

    [Fact]
    public void Contracts_refers_to_the_runtime_alone()
        => Assert.All(References("LoggerCms.Contracts"), name => Assert.StartsWith("System.", name));

    [Fact]
    public void Cmdlets_refer_to_PowerShell_Contracts_and_the_runtime_alone()
        => Assert.All(
            References("LoggerCms.PowerShell"),
            name => Assert.True(
                name is "LoggerCms.Contracts" or "System.Management.Automation" or "netstandard" || name.StartsWith("System.", StringComparison.Ordinal),
                $"the cmdlets refer to {name}"));

    [Fact]
    public void Core_refers_to_no_driver_no_web_and_no_shell()
    {
        Assert.SkipUnless(File.Exists(Repository.Assembly("LoggerCms.Core")), "LoggerCms.Core is not built");

        string[] barred = ["Microsoft.Data.", "Npgsql", "SQLitePCL", "Microsoft.AspNetCore.", "System.Management.Automation", "System.Net.Http"];

        Assert.DoesNotContain(References("LoggerCms.Core"), name => barred.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)));
    }

    [Fact]
    public void A_project_file_asks_for_another_only_where_the_table_says_so()
    {
        foreach (var row in Allowed)
        {
            var (project, allowed) = row.Data;
            var file = XDocument.Load(Repository.PathOf("src", project, project + ".csproj"));
            var asked = file.Descendants("ProjectReference")
                .Where(reference => (string?)reference.Attribute("ReferenceOutputAssembly") != "false")
                .Select(reference => Path.GetFileNameWithoutExtension(((string)reference.Attribute("Include")!).Replace('\\', '/')))
                .Where(name => name.StartsWith("LoggerCms.", StringComparison.Ordinal));

            Assert.Empty(asked.Except(allowed));
        }
    }

    [Fact]
    public void Every_project_under_src_stands_in_the_table()
    {
        var projects = Directory.EnumerateFiles(Repository.PathOf("src"), "*.csproj", SearchOption.AllDirectories)
            .Select(path => Path.GetFileNameWithoutExtension(path)!);

        Assert.Empty(projects.Except(Allowed.Select(row => row.Data.Item1)));
    }

    [Fact]
    public void No_source_file_is_longer_than_four_hundred_lines()
        => Assert.Empty(Repository.SourceFiles()
            .Select(path => (Path: Path.GetRelativePath(Repository.Root, path), Lines: File.ReadLines(path).Count()))
            .Where(file => file.Lines > MostLines)
            .Select(file => $"{file.Path}: {file.Lines} lines"));

    [Fact]
    public void No_source_file_hides_code_in_regions_or_waits_by_sleeping()
        => Assert.Empty(Repository.SourceFiles()
            .Where(path => Regex.IsMatch(File.ReadAllText(path), @"^\s*#region|Thread\.Sleep\(", RegexOptions.Multiline))
            .Where(path => !path.EndsWith(nameof(ArchitectureTests) + ".cs", StringComparison.Ordinal))
            .Select(path => Path.GetRelativePath(Repository.Root, path)));

    private static List<string> References(string project)
    {
        using var file = new PEReader(File.OpenRead(Repository.Assembly(project)));
        var metadata = file.GetMetadataReader();
        return [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))];
    }
}
