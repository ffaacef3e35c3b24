using System.Management.Automation;

namespace LoggerCms.PowerShell.Parameters;

/// <summary>Takes a bare number as days.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class DaysTransformationAttribute : BareNumberTransformationAttribute
{
    private const int Most = 10_000;

    private protected override TimeSpan TimeOf(double number)
        => number >= 0 && number <= Most
            ? TimeSpan.FromDays(number)
            : throw new ArgumentTransformationMetadataException($"{number} is not a number of days from 0 to {Most}.");
}
