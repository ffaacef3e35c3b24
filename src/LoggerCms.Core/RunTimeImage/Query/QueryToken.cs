namespace LoggerCms.Core.RunTimeImage.Query;

internal enum QueryTokenKind : byte
{
    Word,
    Number,
    Text,
    Symbol,
    End,
}

/// <param name="Kind">What it is.</param>
/// <param name="Text">The word, the number, the symbol, or a literal's content.</param>
/// <param name="Position">Its first character within the query, from 0.</param>
internal readonly record struct QueryToken(QueryTokenKind Kind, string Text, int Position)
{
    public bool Is(string keywordOrSymbol)
        => Kind is QueryTokenKind.Word or QueryTokenKind.Symbol && string.Equals(Text, keywordOrSymbol, StringComparison.OrdinalIgnoreCase);
}
