using System.Management.Automation;
using LoggerCms.PowerShell.Values;

namespace LoggerCms.PowerShell.Parameters;

/// <summary>Refuses a script block for a text that is the same for all inputs: the shell would take the block's own text for it.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class OneForAllAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        if (ShellValue.Each(inputData).Any(one => one is ScriptBlock))
            throw new ArgumentTransformationMetadataException("A script block is not worked out for each input here. Call the cmdlet for each: … | ForEach-Object { … $_ … }.");
        return inputData;
    }
}
