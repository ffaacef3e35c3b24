using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Counts values whose storage class is not that of their column's declared type.</summary>
internal sealed class RowMisfits
{
    private readonly FieldTag[] _tags;

    public RowMisfits(TableSchema table)
    {
        // Not LINQ: over an enum the framework's code is compiled anew in every process.
        _tags = new FieldTag[table.Columns.Count];
        for (var i = 0; i < _tags.Length; i++)
            _tags[i] = (FieldTag)(byte)table.Columns[i].Type.Kind;
    }

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
