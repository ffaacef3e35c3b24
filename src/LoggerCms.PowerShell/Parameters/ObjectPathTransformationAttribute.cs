using System.Collections;
using System.Management.Automation;
using LoggerCms.PowerShell.Values;

namespace LoggerCms.PowerShell.Parameters;

/// <summary>Takes texts alone for paths of objects: the shell would make a text of anything, and a path of that.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class ObjectPathTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object? inputData)
    {
        foreach (var one in ShellValue.Each(inputData))
            Check(one);
        return inputData;
    }

    private static void Check(object? value)
    {
        if (value is null or string or ScriptBlock)
            return;
        throw new ArgumentTransformationMetadataException(value switch
        {
            IDictionary => "A path is a text, and this is a hashtable: give properties as -Property.",
            int or long => $"A path is a text, and {value} is a number: give it as -Id, or begin the path with a slash.",
            _ => $"A path is a text, and this is an object of type {value.GetType().Name}: give its Path or its Id, or pipe it in.",
        });
    }
}
