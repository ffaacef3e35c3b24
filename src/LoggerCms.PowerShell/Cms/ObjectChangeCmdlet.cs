using System.Management.Automation;
using LoggerCms.PowerShell.Objects;

namespace LoggerCms.PowerShell.Cms;

/// <summary>
/// What the cmdlets share that change objects which exist: changes of a pipeline go in requests of several hundred, one that fails is told of by
/// itself and the others are made.
/// </summary>
public abstract class ObjectChangeCmdlet : ObjectTargetCmdlet
{
    private readonly ChangeBuffer _buffer = new();
    private bool _isOneOfMany;

    /// <inheritdoc/>
    protected sealed override void ProcessRecord()
    {
        foreach (var target in Targets())
        {
            // What the pipeline brought is enough to go on where the node compares the CUID; who is asked or told beforehand sees what the node has.
            long id;
            string text;
            if (target is { Id: { } known, Path: { } path, Cuid: not null } && !IsWhatIf && !WouldAskAt(Impact))
            {
                (id, text) = (known, path);
            }
            else if (Ask("Reading objects", target.Input, target.ReadAsync, IsOneOfMany) is { } found)
            {
                (id, text) = (found.Id, found.Path);
            }
            else
            {
                continue;
            }

            if (!CanBegin(id, target.Input) || (IsWhatIf && !IsPlanned(id, target, ref text)))
                continue;
            if (!ShouldProcess($"{text} (id {id})", Action()))
            {
                if (Shows && IsWhatIf)
                    Show([id]);
                continue;
            }

            _isOneOfMany |= IsOneOfMany;
            _buffer.Add(new PendingChange(Changes(id, target), target.Input));
            if (_buffer.IsFull)
                Flush();
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Flush();

    /// <summary>Whether objects are written after their change.</summary>
    private protected virtual bool Shows => false;

    /// <summary>As the cmdlet's attribute says.</summary>
    private protected virtual ConfirmImpact Impact => ConfirmImpact.Medium;

    /// <summary>Looks before anything is asked or planned; false where an error was written.</summary>
    private protected virtual bool CanBegin(long id, object input) => true;

    /// <summary>What the question and -WhatIf say.</summary>
    private protected abstract string Action();

    /// <summary>The changes of one object, made all or none.</summary>
    private protected abstract IReadOnlyList<CmsChange> Changes(long id);

    /// <summary>Writes objects after their change, or as they are under -WhatIf.</summary>
    private protected virtual void Show(IReadOnlyList<long> ids)
        => List("Reading objects", null, (client, token) => client.QueryAsync(CmsQueries.ByIds(ids), token), InfoObjects.FromRow);

    // The node plans it as it would make it, and what would fail is told of now.
    private bool IsPlanned(long id, ObjectTarget target, ref string text)
    {
        var changes = Changes(id, target);
        if (Ask("Checking", target.Input, (client, token) => client.PlanAsync(changes, token), IsOneOfMany) is not { } plan)
            return false;
        if (plan.Changed.Count > changes.Count)
            text = $"{text}, {plan.Changed.Count} objects,";
        return true;
    }

    private IReadOnlyList<CmsChange> Changes(long id, ObjectTarget target)
        => target is { Id: not null, Cuid: { } cuid } ? [.. Changes(id).Select(change => change with { ExpectedCuid = cuid })] : Changes(id);

    private protected override void BeforeErrorEnds() => Flush();

    private void Flush()
    {
        var outcomes = ChangeRuns.Send(this, _buffer.Take());
        var ids = outcomes.Where(outcome => outcome.Failure is null).SelectMany(outcome => outcome.Item.Changes).Select(change => change.Id!.Value).Distinct().ToList();
        if (Shows && ids.Count > 0)
            Show(ids);
        ChangeRuns.Report(this, outcomes, _isOneOfMany);
    }
}
