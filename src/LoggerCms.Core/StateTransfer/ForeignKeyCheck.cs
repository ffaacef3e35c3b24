using LoggerCms.Core.Sides;

namespace LoggerCms.Core.StateTransfer;

/// <summary>Looks for foreign keys that the rows broke, which were written with their enforcement switched off.</summary>
internal static class ForeignKeyCheck
{
    private const int MostListed = 20;

    /// <summary>
    /// A foreign key that crosses the edge of the scope must hold. One inside of it may already be broken in the state that is to be
    /// reached (SQLite enforces none unless told to), and then it is reached all the same and said.
    /// </summary>
    public static async Task RunAsync(TransferRun run, ApplyRequest request, ISideTransaction transaction, IReadOnlyList<TableSchema> tables)
    {
        var changed = tables.Where((_, i) => request.Changes.Tables[i].Any).ToList();
        var violations = changed.Count == 0 ? [] : await transaction.FindForeignKeyViolationsAsync(changed, run.Token).ConfigureAwait(false);
        if (violations.Count == 0)
            return;
        var list = string.Join("; ", violations.Take(MostListed));
        if (request.RestoresFormerState || !CrossesScope(transaction.Catalog, tables))
        {
            run.Note($"Foreign keys that do not hold in the state that was asked for do not hold now: {list}.");
            return;
        }

        throw new LoggerCmsException(
            ErrorCodes.ForeignKeyViolated,
            $"The rows that were sent break foreign keys of {request.Destination.DisplayName}: {list}. Everything was rolled back.",
            "Take the referenced tables into the scope too.",
            request.Destination.DisplayName);
    }

    private static bool CrossesScope(SideCatalog catalog, IReadOnlyList<TableSchema> tables)
    {
        var scope = tables.Select(t => t.Name).ToHashSet();
        return tables.Any(t => t.RowFilter is not null)
            || catalog.Tables.Any(t => t.ForeignKeys.Any(key => scope.Contains(t.Name) != scope.Contains(key.ReferencedTable)));
    }
}
