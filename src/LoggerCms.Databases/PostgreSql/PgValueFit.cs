using System.Runtime.CompilerServices;
using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Checks rows against a table's declared types.</summary>
internal sealed class PgValueFit : IValueFit
{
    /// <summary>Which columns this driver described, so that its own types are told from equally named ones of another make.</summary>
    private static readonly ConditionalWeakTable<ColumnSchema, PgColumn> Described = [];

    private readonly PgColumn?[] _checked;

    private PgValueFit(PgColumn?[] columns) => _checked = columns;

    public static void Remember(PgColumn column) => Described.AddOrUpdate(column.Schema, column);

    public static PgValueFit? For(TableSchema source, TableSchema destination)
    {
        var from = source.Columns.ToDictionary(c => c.Name, StringComparer.Ordinal);
        var columns = destination.Columns.Select(c => Described.TryGetValue(c, out var column) && !IsProven(from.GetValueOrDefault(c.Name), column) ? column : null).ToArray();
        return columns.Any(c => c is not null) ? new PgValueFit(columns) : null;
    }

    public (int Column, string Reason)? Check(ReadOnlySpan<byte> row)
    {
        var reader = new CanonicalReader(row);
        for (var i = 0; i < _checked.Length && reader.Read(); i++)
        {
            if (_checked[i] is { } column && PgLimits.Objection(reader, column) is { } reason)
                return (i, reason);
        }

        return null;
    }

    private static bool IsProven(ColumnSchema? source, PgColumn destination)
    {
        if (source is null || !Described.TryGetValue(source, out var from) || from.Codec != destination.Codec || (source.Nullable && !destination.Schema.Nullable))
            return false;
        var to = destination.Schema;
        return (source.DeclaredType == to.DeclaredType && (source.MaxLength, source.Precision, source.Scale) == (to.MaxLength, to.Precision, to.Scale))
            || (!PgLimits.IsLimited(destination) && destination.Codec != PgCodec.Native);
    }
}
