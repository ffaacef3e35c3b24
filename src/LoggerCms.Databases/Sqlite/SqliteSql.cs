using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.Sqlite;

/// <summary>Pieces of SQL.</summary>
internal static class SqliteSql
{
    /// <summary>What a constraint of the table says to do about a conflict, such as REPLACE or IGNORE, does not count behind this.</summary>
    public const string Insert = "INSERT OR ABORT INTO";

    public static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    public static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    /// <summary>A list of columns, each behind a prefix such as <c>s.</c>.</summary>
    public static string List(IEnumerable<SqliteColumn> columns, string prefix = "")
        => string.Join(", ", columns.Select(c => prefix + c.Quoted));

    /// <summary>The one integer that a column of numeric affinity can hold as a real, too: SQLite makes an integer of every other real that equals one, -0.0 included.</summary>
    private const string LeastInteger = "-9223372036854775808";

    /// <summary>
    /// True where two values are the same to the byte and to the storage class. Equal values of one affinity are of one class, but for
    /// <see cref="LeastInteger"/>; only columns without affinity need a look at class and bits of every value.
    /// </summary>
    public static string Same(string left, string right, Affinity leftAffinity, Affinity rightAffinity)
    {
        if (leftAffinity == rightAffinity && leftAffinity != Affinity.Blob)
        {
            var equal = $"{left} COLLATE BINARY IS {right} COLLATE BINARY";
            return MixesClasses(leftAffinity) ? $"({equal} AND ({left} IS NOT {LeastInteger} OR typeof({left}) = typeof({right})))" : equal;
        }

        // The plus takes the affinity away, which would otherwise convert one of the operands before it is compared.
        return $"(+{left} COLLATE BINARY IS +{right} COLLATE BINARY AND typeof({left}) = typeof({right})"
            + $" AND (+{left} IS NOT 0.0 OR typeof({left}) <> 'real' OR {SqliteDb.BitsFunction}({left}) = {SqliteDb.BitsFunction}({right})))";
    }

    /// <summary>What to group rows by so that only those that are the same to the byte and to the storage class come together.</summary>
    /// <param name="columns">The columns' names, and the affinities that their values come from.</param>
    public static IReadOnlyList<string> GroupTerms(IReadOnlyList<(string Name, Affinity Left, Affinity Right)> columns)
    {
        var terms = columns.Select(c => $"{c.Name} COLLATE BINARY").ToList();
        foreach (var (name, _, _) in columns.Where(c => c.Left != c.Right || c.Left == Affinity.Blob))
            terms.AddRange($"typeof({name})", $"CASE WHEN typeof({name}) = 'real' THEN {SqliteDb.BitsFunction}({name}) END");
        var mixing = columns.Where(c => c.Left == c.Right && MixesClasses(c.Left)).Select(c => c.Name).ToList();

        // One term for all of these columns, and NULL in nearly every row: a term each would double the time of the sort.
        if (mixing.Count > 0)
            terms.Add($"CASE WHEN {string.Join(" OR ", mixing.Select(n => $"{n} IS {LeastInteger}"))} THEN {string.Join(" || ", mixing.Select(n => $"typeof({n})"))} END");
        return terms;
    }

    /// <summary>
    /// A column that equals a parameter to the byte. The first comparison uses the column's collation and with it the index of the key;
    /// what is the same to the byte is equal under every collation.
    /// </summary>
    public static string SameAsParameter(SqliteColumn column, string parameter)
    {
        var name = column.Quoted;
        if (column.IsRowId)
            return $"{name} = {parameter}";
        var same = $"{name} = {parameter} AND {name} COLLATE BINARY = {parameter}";
        return column.Affinity switch
        {
            Affinity.Blob => $"({same} AND typeof({name}) = typeof({parameter})"
                + $" AND (typeof({name}) <> 'real' OR {SqliteDb.BitsFunction}({name}) = {SqliteDb.BitsFunction}({parameter})))",

            // A parameter may still be text that the column's affinity makes a number of.
            Affinity.Integer or Affinity.Numeric => $"({same} AND ({name} IS NOT {LeastInteger} OR (typeof({name}) = 'real') = (typeof({parameter}) = 'real')))",
            _ => $"({same})",
        };
    }

    public static string Where(params ReadOnlySpan<string?> conditions)
    {
        var text = string.Empty;
        foreach (var condition in conditions)
        {
            if (condition is not null)
                text += (text.Length == 0 ? " WHERE (" : " AND (") + condition + ")";
        }

        return text;
    }

    /// <summary>All of the conditions. As a balanced tree, because SQLite takes no expression that is 1,000 deep.</summary>
    public static string All(ReadOnlySpan<string> conditions)
    {
        switch (conditions.Length)
        {
            case 0:
                return "1";
            case 1:
                return conditions[0];
            default:
                var middle = conditions.Length / 2;
                return $"({All(conditions[..middle])} AND {All(conditions[middle..])})";
        }
    }

    public static string Filter(TableSchema table) => table.RowFilter is null ? string.Empty : $" WHERE ({table.RowFilter})";

    private static bool MixesClasses(Affinity affinity) => affinity is Affinity.Integer or Affinity.Numeric;
}
