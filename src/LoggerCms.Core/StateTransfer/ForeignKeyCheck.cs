using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>
/// Looks for foreign keys that the rows broke, which were written with their enforcement switched off. A foreign key that crosses the edge of the
/// scope must hold for as many rows as before. One inside of it may already be broken in the state that is to be reached (SQLite enforces none
/// unless told to), and then it is reached all the same and said.
/// </summary>
internal sealed class ForeignKeyCheck
{
    private const int MostListed = 20;

    private readonly ApplyRequest _request;
    private readonly ISideTransaction _transaction;
    private readonly IReadOnlyList<TableSchema> _changed;
    private readonly bool _mustHold;
    private IReadOnlyList<BrokenForeignKey> _before = [];

    private ForeignKeyCheck(ApplyRequest request, ISideTransaction transaction, IReadOnlyList<TableSchema> tables)
    {
        (_request, _transaction) = (request, transaction);
        _changed = [.. tables.Where((_, i) => request.Changes.Tables[i].Any)];
        _mustHold = !request.RestoresFormerState && CrossesScope(transaction.Catalog, tables);
    }

    /// <summary>Before the first row is written: what is broken already is not the fault of what is sent.</summary>
    public static async Task<ForeignKeyCheck> BeginAsync(
        ApplyRequest request, ISideTransaction transaction, IReadOnlyList<TableSchema> tables, CancellationToken cancellationToken)
    {
        var check = new ForeignKeyCheck(request, transaction, tables);
        if (check._mustHold)
            check._before = await check.FindAsync(cancellationToken).ConfigureAwait(false);
        return check;
    }

    /// <exception cref="LoggerCmsException">ForeignKeyViolated.</exception>
    public async Task EndAsync(TransferRun run)
    {
        var broken = await FindAsync(run.Token).ConfigureAwait(false);
        if (broken.Count == 0)
            return;
        var added = _mustHold ? broken.Where(b => b.Rows > (_before.FirstOrDefault(k => k.Key == b.Key)?.Rows ?? 0)).ToList() : [];
        if (added.Count == 0)
        {
            run.Note($"Foreign keys that do not hold in the state that was asked for, or did not hold before, do not hold now: {List(broken)}.");
            return;
        }

        throw new LoggerCmsException(
            ErrorCodes.ForeignKeyViolated,
            $"The rows that were sent break foreign keys of {_request.Destination.DisplayName}: {List(added)}. Everything was rolled back.",
            "Take the referenced tables into the scope too.",
            _request.Destination.DisplayName);
    }

    private static string List(IEnumerable<BrokenForeignKey> broken) => string.Join("; ", broken.Take(MostListed).Select(b => b.Text));

    private async Task<IReadOnlyList<BrokenForeignKey>> FindAsync(CancellationToken cancellationToken)
        => _changed.Count == 0 ? [] : await _transaction.FindForeignKeyViolationsAsync(_changed, cancellationToken).ConfigureAwait(false);

    private static bool CrossesScope(SideCatalog catalog, IReadOnlyList<TableSchema> tables)
    {
        var scope = tables.Select(t => t.Name).ToHashSet();
        return tables.Any(t => t.RowFilter is not null)
            || catalog.Tables.Any(t => t.ForeignKeys.Any(key => scope.Contains(t.Name) != scope.Contains(key.ReferencedTable)));
    }
}
