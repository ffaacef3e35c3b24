using System.Globalization;
using System.Management.Automation;

namespace LoggerCms.PowerShell.Parameters;

/// <summary>Takes a bare number as a time in one unit, whichever way it is written; the shell itself would take 30 as ticks and "30" as days.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public abstract class BareNumberTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public sealed override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            int or long or double or decimal => TimeOf(Convert.ToDouble(value, CultureInfo.InvariantCulture)),
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => TimeOf(number),
            _ => inputData,
        };
    }

    private protected abstract TimeSpan TimeOf(double number);
}
