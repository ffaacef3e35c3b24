namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>A condition: true, false, or null (unknown) where a value is missing or cannot be compared, as in SQL; only true selects.</summary>
internal abstract record QueryExpression
{
    public abstract bool NeedsBag { get; }

    public abstract bool? Holds(QueryRowContext row);
}

/// <summary>All of them (AND), or any of them (OR).</summary>
internal sealed record Junction(bool IsAnd, IReadOnlyList<QueryExpression> Parts) : QueryExpression
{
    public override bool NeedsBag => Parts.Any(static part => part.NeedsBag);

    public override bool? Holds(QueryRowContext row)
    {
        bool? result = IsAnd;
        foreach (var part in Parts)
        {
            var holds = part.Holds(row);
            if (holds == !IsAnd)
                return holds;
            result = holds is null ? null : result;
        }

        return result;
    }
}

internal sealed record Negation(QueryExpression Inner) : QueryExpression
{
    public override bool NeedsBag => Inner.NeedsBag;

    public override bool? Holds(QueryRowContext row) => !Inner.Holds(row);
}

internal enum Comparison : byte
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// <summary>On a list: whether it holds for any of its values; not-equal is that none is equal.</summary>
internal sealed record ComparisonExpression(QueryColumn Column, Comparison Comparison, PropertyValue Literal) : QueryExpression
{
    public override bool NeedsBag => Column.IsInBag;

    public override bool? Holds(QueryRowContext row) => Holds(Column.Value(row), row.Work);

    private bool? Holds(PropertyValue value, QueryWork work)
    {
        work.Spend(1);
        if (value.Type == PropertyType.List)
        {
            if (Comparison == Comparison.NotEqual)
                return !(this with { Comparison = Comparison.Equal }).Holds(value, work);
            bool? result = value.AsList.Count == 0 ? null : false;
            foreach (var item in value.AsList)
            {
                var holds = Holds(item, work);
                if (holds == true)
                    return true;
                result = holds is null ? null : result;
            }

            return result;
        }

        if (QueryValue.Compare(value, Literal, Column.Text) is not { } order)
            return null;
        return Comparison switch
        {
            Comparison.Equal => order == 0,
            Comparison.NotEqual => order != 0,
            Comparison.Less => order < 0,
            Comparison.LessOrEqual => order <= 0,
            Comparison.Greater => order > 0,
            _ => order >= 0,
        };
    }
}

/// <summary>IN: whether the value, or any of a list, equals one of many. Lists all of integers or all of text are looked up, not walked.</summary>
internal sealed record InExpression : QueryExpression
{
    private readonly HashSet<long>? _integers;
    private readonly HashSet<string>? _texts;

    public InExpression(QueryColumn column, IReadOnlyList<PropertyValue> literals)
    {
        Column = column;
        Literals = literals;
        if (literals.All(static one => one.Type == PropertyType.Integer))
            _integers = [.. literals.Select(static one => one.AsInteger)];
        if (literals.All(static one => one.Type == PropertyType.String))
            _texts = new HashSet<string>(literals.Select(static one => one.AsString), StringComparer.FromComparison(column.Text));
    }

    public QueryColumn Column { get; }

    public IReadOnlyList<PropertyValue> Literals { get; }

    public override bool NeedsBag => Column.IsInBag;

    public override bool? Holds(QueryRowContext row)
    {
        var value = Column.Value(row);
        return value.Type == PropertyType.List ? Any(value.AsList, row.Work) : IsOne(value, row.Work);
    }

    private bool? Any(IReadOnlyList<PropertyValue> values, QueryWork work)
    {
        bool? result = values.Count == 0 ? null : false;
        foreach (var value in values)
        {
            var holds = IsOne(value, work);
            if (holds == true)
                return true;
            result = holds is null ? null : result;
        }

        return result;
    }

    private bool? IsOne(PropertyValue value, QueryWork work)
    {
        work.Spend(1);
        if (_integers is not null && value.Type == PropertyType.Integer)
            return _integers.Contains(value.AsInteger);
        if (_texts is not null && value.Type == PropertyType.String)
            return _texts.Contains(value.AsString);
        bool? result = false;
        foreach (var literal in Literals)
        {
            work.Spend(1);
            var order = QueryValue.Compare(value, literal, Column.Text);
            if (order == 0)
                return true;
            result = order is null ? null : result;
        }

        return result;
    }
}

internal sealed record LikeExpression(QueryColumn Column, LikePattern Pattern) : QueryExpression
{
    public override bool NeedsBag => Column.IsInBag;

    public override bool? Holds(QueryRowContext row)
    {
        var value = Column.Value(row);
        return value.Type switch
        {
            PropertyType.None or PropertyType.Bag or PropertyType.Binary => null,
            PropertyType.List => value.AsList.Any(one => one.Type != PropertyType.Binary && Pattern.Matches(one.ToString(), row.Work)),
            _ => Pattern.Matches(value.ToString(), row.Work),
        };
    }
}

internal sealed record NullExpression(QueryColumn Column) : QueryExpression
{
    public override bool NeedsBag => Column.IsInBag;

    public override bool? Holds(QueryRowContext row) => Column.Value(row).IsNone;
}

/// <summary>Whether the object lies, at any depth, below one of the folders.</summary>
internal sealed record AncestorExpression(IReadOnlySet<long> Ids) : QueryExpression
{
    public override bool NeedsBag => false;

    public override bool? Holds(QueryRowContext row)
    {
        foreach (var above in ObjectPaths.Ancestors(row.View, row.Object))
        {
            row.Work.Spend(8);
            if (Ids.Contains(above.Id))
                return true;
        }

        return false;
    }
}
