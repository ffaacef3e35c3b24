using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Counts values whose storage class is not that of their column's declared type.</summary>
internal sealed class RowMisfits(TableSchema table)
{
    private readonly FieldTag[] _tags = [.. table.Columns.Select(column => (FieldTag)(byte)column.Type.Kind)];

    public int Count(ReadOnlySpan<byte> row)
    {
        var misfits = 0;
        var reader = new CanonicalReader(row);
        foreach (var tag in _tags)
        {
            // An Any column has the number of Null, and holds whatever there is.
            if (!reader.Read())
                break;
            if (reader.Tag != tag && reader.Tag != FieldTag.Null && tag != (FieldTag)(byte)LogicalKind.Any)
                misfits++;
        }

        return misfits;
    }
}
