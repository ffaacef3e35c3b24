using System.Management.Automation;
using System.Reflection;
using LoggerCms.PowerShell.Pipeline;
using Xunit;

namespace LoggerCms.PowerShell.Tests;

/// <summary>Holds what a cmdlet may take and give, read from its attributes without running it.</summary>
public sealed class CmdletShapeTests
{
    private static readonly Type[] s_cmdlets =
        [.. typeof(AsyncPSCmdlet).Assembly.GetExportedTypes().Where(type => Attribute(type, "CmdletAttribute") is not null)];

    public static TheoryData<string> Names => [.. s_cmdlets.Select(Name)];

    [Fact]
    public void The_manifest_exports_every_cmdlet_and_no_other()
    {
        var manifest = File.ReadAllText(Repository.PathOf("module", "LoggerCms", "LoggerCms.psd1"));
        var list = manifest[manifest.IndexOf("CmdletsToExport", StringComparison.Ordinal)..];
        var exported = list[..list.IndexOf(')')].Split('\'').Where((_, index) => index % 2 == 1);

        Assert.Equal(s_cmdlets.Select(Name).Order(StringComparer.Ordinal), exported.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_manifest_has_the_version_of_the_assemblies()
        => Assert.Contains(
            $"ModuleVersion        = '{typeof(AsyncPSCmdlet).Assembly.GetName().Version!.ToString(3)}'",
            File.ReadAllText(Repository.PathOf("module", "LoggerCms", "LoggerCms.psd1")));

    [Theory]
    [MemberData(nameof(Names))]
    public void Parameters_are_of_types_from_Contracts_the_runtime_or_PowerShell(string cmdlet)
        => Assert.All(
            Parameters(Cmdlet(cmdlet)),
            parameter => Assert.True(MayCross(parameter.PropertyType), $"-{parameter.Name} is a {parameter.PropertyType}"));

    [Theory]
    [MemberData(nameof(Names))]
    public void Output_is_declared_and_of_types_from_Contracts_the_runtime_or_PowerShell(string cmdlet)
    {
        var types = Cmdlet(cmdlet).CustomAttributes
            .Where(attribute => attribute.AttributeType.Name == "OutputTypeAttribute")
            .SelectMany(attribute => (IEnumerable<CustomAttributeTypedArgument>)attribute.ConstructorArguments[0].Value!)
            .Select(argument => (Type)argument.Value!)
            .ToList();

        Assert.NotEmpty(types);
        Assert.All(types, type => Assert.True(MayCross(type), $"{cmdlet} gives {type}"));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_cmdlet_that_can_lose_data_asks_before_it_does(string cmdlet)
    {
        var attribute = Attribute(Cmdlet(cmdlet), "CmdletAttribute")!;
        var impact = attribute.NamedArguments.FirstOrDefault(argument => argument.MemberName == "ConfirmImpact").TypedValue.Value as int?;
        var high = cmdlet is "Start-StateTransfer" or "Resume-StateTransfer" or "Undo-StateTransfer" or "Disable-ConfigMessageLog" or "Clear-StateTransferTemp"
            or "Invoke-DeltaReconcile"
            or "Remove-CmsObject" or "Remove-CmsUser" or "Remove-CmsGroup" or "Restore-CmsSide";

        Assert.Equal(high, impact == (int)ConfirmImpact.High);
    }

    [Fact]
    public void Every_error_code_but_Unexpected_has_a_category()
    {
        var codes = typeof(ErrorCodes).GetFields().Select(field => (string)field.GetRawConstantValue()!).Except([ErrorCodes.Unexpected]);

        Assert.DoesNotContain(codes, code => ErrorRecords.Category(code) == ErrorCategory.NotSpecified);
    }

    private static bool MayCross(Type type)
    {
        var inner = type.IsArray ? type.GetElementType()! : Nullable.GetUnderlyingType(type) ?? type;
        return inner.Assembly == typeof(SideConnection).Assembly
            || inner.Assembly == typeof(object).Assembly
            || inner.Assembly == typeof(Uri).Assembly
            || inner.Assembly == typeof(System.Net.IPAddress).Assembly
            || inner.Assembly == typeof(PSCmdlet).Assembly;
    }

    private static IEnumerable<PropertyInfo> Parameters(Type cmdlet)
        => cmdlet.GetProperties().Where(property => property.CustomAttributes.Any(a => a.AttributeType.Name == "ParameterAttribute"));

    private static Type Cmdlet(string name) => s_cmdlets.Single(type => Name(type) == name);

    private static string Name(Type type)
    {
        var arguments = Attribute(type, "CmdletAttribute")!.ConstructorArguments;
        return $"{arguments[0].Value}-{arguments[1].Value}";
    }

    // Data only: the library that is compiled against has no bodies, so no attribute of it can be made.
    private static CustomAttributeData? Attribute(Type type, string name)
        => type.CustomAttributes.FirstOrDefault(attribute => attribute.AttributeType.Name == name);
}
