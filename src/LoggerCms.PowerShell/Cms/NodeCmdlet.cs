using System.Management.Automation;
using System.Runtime.CompilerServices;
using LoggerCms.PowerShell.Objects;

namespace LoggerCms.PowerShell.Cms;

/// <summary>What the cmdlets for objects, security and audit share beside the connection: lists in pages, and changes.</summary>
public abstract class NodeCmdlet : CmsCmdlet
{
    private string[] _written = [];

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();

        // What comes down a pipeline is not bound yet.
        _written = [.. MyInvocation.BoundParameters.Keys];
    }

    private protected bool IsWritten(string parameter) => _written.Contains(parameter);

    private protected bool IsPiped(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter) && !IsWritten(parameter);

    /// <summary>Refuses ids beside names that are written: one of both would be passed over in silence.</summary>
    private protected void RefuseTwo(string ids, int count, string names)
    {
        if (count == 0 || !IsWritten(names))
            return;
        ThrowTerminatingError(ErrorRecords.From(
            new LoggerCmsException(ErrorCodes.InvalidOption, $"{(IsWritten(ids) ? $"-{ids}" : "The pipeline")} and -{names} both name users or groups.", "Give one of them."), null));
    }

    /// <summary>What the pipeline names by a CUID or a path where it brings no id; null for nothing.</summary>
    private protected ObjectTarget? PipedAlone(string idParameter, string? cuid, string? path)
        => MyInvocation.BoundParameters.TryGetValue(idParameter, out var id) && id is not null ? null
            : !string.IsNullOrWhiteSpace(cuid) ? new ObjectTarget(null, null, cuid)
            : path is ['/', ..] ? new ObjectTarget(null, path, null)
            : null;

    /// <summary>Asks once for what several inputs name alike; null where it failed.</summary>
    private protected CmsObjectInfo? AskOnce(
        Dictionary<string, CmsObjectInfo> known, string name, string activity, object target, Func<ICmsClient, CancellationToken, Task<CmsObjectInfo>> read, bool? oneOfMany)
    {
        if (!known.TryGetValue(name, out var found) && (found = Ask(activity, target, read, oneOfMany)) is not null)
            known[name] = found;
        return found;
    }

    /// <summary>Tells that nothing is named where something has to be.</summary>
    private protected void ReportUnnamed(string what, bool goesOn)
        => Report(
            ErrorRecords.From(
                new LoggerCmsException(ErrorCodes.InvalidOption, $"No {what} is named.", "Give a name or an id, or pipe in objects with an id, a CUID or a path."), null),
            goesOn);

    /// <summary>Writes what the node sends as it comes.</summary>
    /// <param name="activity">What the progress bar says.</param>
    /// <param name="target">The user's input.</param>
    /// <param name="source">What to ask.</param>
    /// <param name="shape">What is written for one; null for nothing. Runs beside the pipeline.</param>
    /// <param name="page">Which of them; null for all. It goes on counting where the lists before left off.</param>
    /// <param name="oneOfMany">See <see cref="Pipeline.AsyncPSCmdlet.Run{T}"/>.</param>
    private protected void List<T>(
        string activity,
        object? target,
        Func<ICmsClient, CancellationToken, IAsyncEnumerable<T>> source,
        Func<T, object?> shape,
        Page? page = null,
        bool? oneOfMany = null)
        => Stream(activity, target, (client, token) => ShapedAsync(source(client, token), shape, page ?? Page.All(), token), oneOfMany: oneOfMany);

    /// <summary>Says what -IncludeTotalCount asks for: a node answers page by page and does not count beforehand.</summary>
    private protected void CountNothing(PagingParameters paging)
    {
        if (paging.IncludeTotalCount)
            WriteObject(paging.NewTotalCount(0, 0));
    }

    private protected override bool EndsAll(Exception failure) => failure is LoggerCmsException typed && !ChangeSender.IsOfAnItem(typed);

    /// <summary>Has changes made; a failure ends the cmdlet.</summary>
    internal void Change<T>(object? target, Func<ICmsClient, CancellationToken, Task<T>> change)
        where T : class
        => Ask("Changing objects", target, change);

    private static async IAsyncEnumerable<object> ShapedAsync<T>(
        IAsyncEnumerable<T> source, Func<T, object?> shape, Page page, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (page.IsOver)
            yield break;
        await foreach (var one in source.WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            if (shape(one) is not { } shown || !page.Takes())
                continue;
            yield return shown;
            if (page.IsOver)
                yield break;
        }
    }
}
