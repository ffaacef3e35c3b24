using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using LoggerCms.PowerShell.Parameters;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Completes the addresses of the connections that are open.</summary>
public sealed class CmsSessionCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var pattern = Completion.Pattern(wordToComplete);
        return CmsSessions.Open()
            .Select(session => (Text: session.Profile ?? session.Endpoint, session.Node))
            .Concat(SessionMemory.Nodes().Select(node => (Text: node, Node: node)))
            .DistinctBy(one => one.Text)
            .Where(one => pattern.IsMatch(one.Text))
            .Select(one => Completion.Result(one.Text, one.Node));
    }
}
