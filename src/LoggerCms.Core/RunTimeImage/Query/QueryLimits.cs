namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>What one query may ask for; more is <c>InvalidQuery</c>.</summary>
internal static class QueryLimits
{
    /// <summary>Characters of the query.</summary>
    public const int Length = 65_536;

    /// <summary>Parentheses and NOTs within each other.</summary>
    public const int Nesting = 64;

    /// <summary>Conditions of one query.</summary>
    public const int Conditions = 500;

    /// <summary>Values of one IN list.</summary>
    public const int InList = 5_000;
    public const int Columns = 200;
    public const int OrderBy = 8;

    /// <summary>Characters of one LIKE pattern.</summary>
    public const int Pattern = 256;

    /// <summary>Rows without a TOP, as in BusinessObjects.</summary>
    public const int DefaultTop = 1_000;
    public const int MaxTop = 1_000_000;

    /// <summary>Bytes of what rows are sorted by that are held at a time.</summary>
    public const long SortBytes = 16 << 20;
}
