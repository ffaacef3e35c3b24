namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>
/// Recursive descent over one token of look-ahead. Every failure is <c>InvalidQuery</c>, which names the line, the column and what was expected.
/// </summary>
internal sealed class QueryParser
{
    private static readonly Dictionary<string, VirtualTable> Tables = new(StringComparer.OrdinalIgnoreCase)
    {
        ["CI_INFOOBJECTS"] = VirtualTable.InfoObjects,
        ["CI_SYSTEMOBJECTS"] = VirtualTable.SystemObjects,
        ["CI_APPOBJECTS"] = VirtualTable.AppObjects,
    };

    private static readonly HashSet<string> Keywords = new(StringComparer.OrdinalIgnoreCase)
    {
        "SELECT", "TOP", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "BETWEEN", "LIKE", "ESCAPE", "IS", "NULL", "ORDER", "BY", "ASC", "DESC", "DISTINCT",
    };

    private readonly string _query;
    private readonly QueryLexer _lexer;
    private QueryToken _token;
    private int _nesting;
    private int _conditions;

    private QueryParser(string query)
    {
        _query = query;
        _lexer = new QueryLexer(query);
        _token = _lexer.Next();
    }

    /// <param name="query">The text.</param>
    /// <param name="top">Stands for TOP where the text has none.</param>
    public static ParsedQuery Parse(string query, int? top = null)
        => new QueryParser(query).Query(Math.Clamp(top ?? QueryLimits.DefaultTop, 1, QueryLimits.MaxTop));

    private ParsedQuery Query(int defaultTop)
    {
        Expect("SELECT");
        var top = Accept("TOP") ? Top() : defaultTop;
        var columns = Accept("*") ? null : Many(QueryLimits.Columns, "columns", Column);
        Expect("FROM");
        var tables = Many(8, "tables", Table).ToHashSet();
        var where = Accept("WHERE") ? Or() : null;
        List<OrderByColumn> orderBy = [];
        if (Accept("ORDER"))
        {
            Expect("BY");

            // Where a column stands again, its values are equal: they would only be held twice.
            orderBy = [.. Many(QueryLimits.OrderBy, "ORDER BY columns", OrderBy).DistinctBy(static one => one.Column.Name, StringComparer.OrdinalIgnoreCase)];
        }

        if (_token.Kind != QueryTokenKind.End)
            throw Expected(where is null && orderBy.Count == 0 ? "WHERE, ORDER BY or the end" : orderBy.Count == 0 ? "AND, OR, ORDER BY or the end" : "',' or the end");
        return new ParsedQuery(columns, tables, where, orderBy, top);
    }

    private int Top()
    {
        if (_token.Kind != QueryTokenKind.Number || !int.TryParse(_token.Text, out var top) || top is < 1 or > QueryLimits.MaxTop)
            throw Expected($"a whole number from 1 to {QueryLimits.MaxTop} after TOP");
        Take();
        return top;
    }

    private VirtualTable Table()
    {
        if (_token.Kind != QueryTokenKind.Word || !Tables.TryGetValue(_token.Text, out var table))
            throw Expected("CI_INFOOBJECTS, CI_SYSTEMOBJECTS or CI_APPOBJECTS");
        Take();
        return table;
    }

    private OrderByColumn OrderBy()
    {
        var column = Column();
        var isDescending = Accept("DESC");
        if (!isDescending)
            Accept("ASC");
        return new OrderByColumn(column, isDescending);
    }

    private QueryColumn Column()
    {
        if (_token.Kind != QueryTokenKind.Word || Keywords.Contains(_token.Text) || _token.Text.Length == 0)
            throw Expected("a column");
        if (_token.Is("SI_ANCESTOR"))
            throw QueryErrors.At(_query, _token.Position, "SI_ANCESTOR stands in WHERE only, with =, != or IN");
        return QueryColumn.Of(Take().Text);
    }

    private QueryExpression Or() => Chain("OR", And);

    private QueryExpression And() => Chain("AND", Not);

    private QueryExpression Chain(string keyword, Func<QueryExpression> operand)
    {
        var first = operand();
        if (!_token.Is(keyword))
            return first;
        var parts = new List<QueryExpression> { first };
        while (Accept(keyword))
            parts.Add(operand());
        return new Junction(keyword == "AND", parts);
    }

    private QueryExpression Not()
    {
        if (++_nesting > QueryLimits.Nesting)
            throw QueryErrors.At(_query, _token.Position, $"parentheses and NOTs are nested more than {QueryLimits.Nesting} deep");
        QueryExpression result;
        if (Accept("NOT"))
        {
            result = new Negation(Not());
        }
        else if (Accept("("))
        {
            result = Or();
            Expect(")");
        }
        else
        {
            result = Condition();
        }

        _nesting--;
        return result;
    }

    private QueryExpression Condition()
    {
        if (++_conditions > QueryLimits.Conditions)
            throw QueryErrors.At(_query, _token.Position, $"it has more than {QueryLimits.Conditions} conditions");
        if (_token.Kind != QueryTokenKind.Word || Keywords.Contains(_token.Text))
            throw Expected("a column, NOT or '('");
        if (_token.Is("SI_ANCESTOR"))
            return Ancestor();
        var column = Column();
        if (Accept("IS"))
        {
            var isNot = Accept("NOT");
            Expect("NULL");
            return Negated(isNot, new NullExpression(column));
        }

        var negated = Accept("NOT");
        if (Accept("IN"))
            return Negated(negated, new InExpression(column, List(column)));
        if (Accept("LIKE"))
            return Negated(negated, new LikeExpression(column, Pattern()));
        if (Accept("BETWEEN"))
        {
            var low = Literal(column);
            Expect("AND");
            var range = new Junction(true, [
                new ComparisonExpression(column, Comparison.GreaterOrEqual, low), new ComparisonExpression(column, Comparison.LessOrEqual, Literal(column))]);
            return Negated(negated, range);
        }

        if (negated || Operator() is not { } comparison)
            throw Expected(negated ? "IN, LIKE or BETWEEN after NOT" : "=, !=, <>, <, <=, >, >=, IN, LIKE, BETWEEN, IS or NOT");
        Take();
        return new ComparisonExpression(column, comparison, Literal(column));
    }

    private QueryExpression Ancestor()
    {
        var name = QueryColumn.Of(Take().Text);
        var negated = Accept("NOT");
        if (Accept("IN"))
            return Negated(negated, Below(List(name)));
        var comparison = negated ? null : Operator();
        if (comparison is not (Comparison.Equal or Comparison.NotEqual))
            throw Expected("=, != or IN after SI_ANCESTOR");
        Take();
        return Negated(comparison == Comparison.NotEqual, Below([Literal(name)]));

        AncestorExpression Below(IReadOnlyList<PropertyValue> literals)
        {
            var ids = new HashSet<long>();
            foreach (var literal in literals)
            {
                if (!QueryValue.TryInteger(literal, out var id))
                    throw QueryErrors.At(_query, _token.Position, $"SI_ANCESTOR is compared with the ids of folders, and '{PropertyCodec.Printable(literal.ToString())}' is none");
                ids.Add(id);
            }

            return new AncestorExpression(ids);
        }
    }

    private Comparison? Operator() => _token.Kind != QueryTokenKind.Symbol
        ? null
        : _token.Text switch
        {
            "=" => Comparison.Equal,
            "!=" or "<>" => Comparison.NotEqual,
            "<" => Comparison.Less,
            "<=" => Comparison.LessOrEqual,
            ">" => Comparison.Greater,
            ">=" => Comparison.GreaterOrEqual,
            _ => null,
        };

    private List<PropertyValue> List(QueryColumn column)
    {
        Expect("(");
        var list = Many(QueryLimits.InList, "values in one IN list", () => Literal(column));
        if (!Accept(")"))
            throw Expected("',' or ')'");
        return list;
    }

    private LikePattern Pattern()
    {
        if (_token.Kind != QueryTokenKind.Text)
            throw Expected("a pattern in quotes after LIKE");
        var pattern = Take();
        if (pattern.Text.Length > QueryLimits.Pattern)
            throw QueryErrors.At(_query, pattern.Position, $"the pattern has {pattern.Text.Length} characters, and at most {QueryLimits.Pattern} are allowed");
        if (!Accept("ESCAPE"))
            return new LikePattern(pattern.Text, null);
        if (_token.Kind != QueryTokenKind.Text || _token.Text.Length != 1)
            throw Expected("one character in quotes after ESCAPE");
        return new LikePattern(pattern.Text, Take().Text[0]);
    }

    private PropertyValue Literal(QueryColumn column)
    {
        var token = _token;
        switch (token.Kind)
        {
            case QueryTokenKind.Text:
                if (column.IsDate && !QueryValue.TryDate(token.Text, out _))
                    throw QueryErrors.At(_query, token.Position, $"{column.Name} is compared with a date: 'yyyy.MM.dd.HH.mm.ss' or 'yyyy-MM-ddTHH:mm:ssZ'");
                return Take().Text;
            case QueryTokenKind.Number:
                return Number("");
            case QueryTokenKind.Symbol when token.Text is "-" or "+":
                Take();
                return _token.Kind == QueryTokenKind.Number ? Number(token.Text) : throw Expected("a number after the sign");
            case QueryTokenKind.Word when token.Is("TRUE") || token.Is("FALSE"):
                return Take().Is("TRUE");
            case QueryTokenKind.Word when token.Is("NULL"):
                throw QueryErrors.At(_query, token.Position, "nothing equals NULL: write IS NULL or IS NOT NULL");
            default:
                throw Expected("a number, a text in quotes, TRUE or FALSE");
        }
    }

    private PropertyValue Number(string sign)
        => QueryValue.TryNumber(sign + _token.Text, out var value)
            ? Value(value)
            : throw QueryErrors.At(_query, _token.Position, "this number has more digits than are held exactly, or is out of range; with an exponent it is a double");

    private PropertyValue Value(PropertyValue value)
    {
        Take();
        return value;
    }

    private List<T> Many<T>(int most, string what, Func<T> one)
    {
        var all = new List<T> { one() };
        while (Accept(","))
        {
            if (all.Count == most)
                throw QueryErrors.At(_query, _token.Position, $"more than {most} {what}");
            all.Add(one());
        }

        return all;
    }

    private static QueryExpression Negated(bool isNegated, QueryExpression inner) => isNegated ? new Negation(inner) : inner;

    private QueryToken Take()
    {
        var taken = _token;
        _token = _lexer.Next();
        return taken;
    }

    private bool Accept(string keywordOrSymbol)
    {
        if (!_token.Is(keywordOrSymbol))
            return false;
        Take();
        return true;
    }

    private void Expect(string keywordOrSymbol)
    {
        if (!Accept(keywordOrSymbol))
            throw Expected(char.IsLetter(keywordOrSymbol[0]) ? keywordOrSymbol : $"'{keywordOrSymbol}'");
    }

    private LoggerCmsException Expected(string what)
    {
        var found = _token.Kind switch
        {
            QueryTokenKind.End => "the query ends",
            QueryTokenKind.Text => $"there is the text '{PropertyCodec.Printable(_token.Text)}'",
            _ => $"there is '{PropertyCodec.Printable(_token.Text)}'",
        };
        return QueryErrors.At(_query, _token.Position, $"{what} was expected, and {found}");
    }
}
