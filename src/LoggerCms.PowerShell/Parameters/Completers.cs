using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace LoggerCms.PowerShell.Parameters;

/// <summary>Completes the tables that this session has seen.</summary>
public sealed class TableCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var pattern = Completion.Pattern(wordToComplete);
        return SessionMemory.Tables().Where(pattern.IsMatch).Select(table => Completion.Result(table, table));
    }
}

/// <summary>Completes the ids of the transfers that this session has seen.</summary>
public sealed class TransferIdCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var pattern = Completion.Pattern(wordToComplete);
        return SessionMemory.Transfers()
            .Select(transfer => (Id: transfer.Key.ToString(), Text: transfer.Value))
            .Where(transfer => pattern.IsMatch(transfer.Id))
            .Select(transfer => Completion.Result(transfer.Id, transfer.Text));
    }
}

internal static class Completion
{
    public static WildcardPattern Pattern(string? word)
        => new((word ?? string.Empty).Trim('\'', '"') + "*", WildcardOptions.IgnoreCase);

    public static CompletionResult Result(string value, string toolTip)
    {
        var text = value.All(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.') ? value : $"'{value.Replace("'", "''")}'";
        return new CompletionResult(text, value, CompletionResultType.ParameterValue, toolTip);
    }
}
