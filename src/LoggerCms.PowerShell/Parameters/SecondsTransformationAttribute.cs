using System.Management.Automation;

namespace LoggerCms.PowerShell.Parameters;

/// <summary>Takes a bare number as seconds.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class SecondsTransformationAttribute : BareNumberTransformationAttribute
{
    private protected override TimeSpan TimeOf(double number)
        => number >= 0 && number <= int.MaxValue
            ? TimeSpan.FromSeconds(number)
            : throw new ArgumentTransformationMetadataException($"{number} is not a number of seconds from 0 to {int.MaxValue}.");
}
