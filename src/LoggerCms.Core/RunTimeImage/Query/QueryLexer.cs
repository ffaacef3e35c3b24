using System.Text;

namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>Cuts a query into tokens, one at a time.</summary>
internal sealed class QueryLexer
{
    private static readonly string[] Symbols = ["<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", ",", "*", "-", "+"];

    private readonly string _query;
    private int _at;

    public QueryLexer(string query)
    {
        if (query.Length > QueryLimits.Length)
            throw QueryErrors.At(query, QueryLimits.Length, $"it has {query.Length} characters, and at most {QueryLimits.Length} are allowed");
        _query = query;
    }

    public QueryToken Next()
    {
        while (_at < _query.Length && char.IsWhiteSpace(_query[_at]))
            _at++;
        var start = _at;
        if (_at == _query.Length)
            return new QueryToken(QueryTokenKind.End, "", start);
        var c = _query[_at];
        if (c is '\'' or '"')
            return new QueryToken(QueryTokenKind.Text, Quoted(c, "a text"), start);
        if (c == '[')
            return new QueryToken(QueryTokenKind.Word, Quoted(']', "a name in brackets"), start);
        if (char.IsAsciiDigit(c))
            return Number(start);
        if (IsWord(c))
        {
            while (_at < _query.Length && (IsWord(_query[_at]) || _query[_at] is '.' || char.IsAsciiDigit(_query[_at])))
                _at++;
            return new QueryToken(QueryTokenKind.Word, _query[start.._at], start);
        }

        foreach (var symbol in Symbols)
        {
            if (string.CompareOrdinal(_query, _at, symbol, 0, symbol.Length) == 0)
            {
                _at += symbol.Length;
                return new QueryToken(QueryTokenKind.Symbol, symbol, start);
            }
        }

        throw QueryErrors.At(_query, start, $"'{(char.IsControl(c) || char.IsSurrogate(c) ? '?' : c)}' has no meaning in a query");
    }

    /// <summary>A quote within is doubled.</summary>
    private string Quoted(char quote, string what)
    {
        var start = _at++;
        var text = new StringBuilder();
        for (; _at < _query.Length; _at++)
        {
            if (_query[_at] == quote)
            {
                _at++;
                if (_at >= _query.Length || _query[_at] != quote)
                    return text.ToString();
            }

            text.Append(_query[_at]);
        }

        throw QueryErrors.At(_query, start, $"{what} that begins here has no end: a {quote} was expected");
    }

    private QueryToken Number(int start)
    {
        Digits();
        if (_at < _query.Length && _query[_at] == '.')
        {
            _at++;
            Digits();
        }

        if (_at < _query.Length && (_query[_at] is 'e' or 'E'))
        {
            _at++;
            if (_at < _query.Length && (_query[_at] is '+' or '-'))
                _at++;
            Digits();
        }

        if (_at < _query.Length && IsWord(_query[_at]))
            throw QueryErrors.At(_query, _at, "a number ends in a letter");
        return new QueryToken(QueryTokenKind.Number, _query[start.._at], start);
    }

    private void Digits()
    {
        while (_at < _query.Length && char.IsAsciiDigit(_query[_at]))
            _at++;
    }

    private static bool IsWord(char c) => c is '_' or '@' or '$' || char.IsLetter(c);
}
