using LoggerCms.Core.Sides;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>What the driver knows of a column beyond its schema.</summary>
internal sealed record PgColumn(ColumnSchema Schema, PgCodec Codec, int Number)
{
    private const string RegClass = "\"pg_catalog\".\"regclass\"";

    public string Name => Schema.Name;

    public string Quoted { get; } = PgName.Quote(Schema.Name);

    /// <summary>
    /// The base type to cast to, quoted and without a modifier. (The spellings of the standard would add one: <c>character</c> is <c>character(1)</c>.)
    /// </summary>
    public required string CastType { get; init; }

    /// <summary>blank-padded text: the database compares it without its trailing blanks.</summary>
    public bool IsBlankPadded { get; init; }

    /// <summary>The extension type citext, which is carried as text but compared without case.</summary>
    public bool IsCaseless { get; init; }

    /// <summary>False where the column's collation holds different bytes equal.</summary>
    public bool IsDeterministic { get; init; } = true;

    /// <summary>True where the column's own collation already sorts by bytes, so that its index serves.</summary>
    public bool SortsByBytes { get; init; }

    public bool IsGenerated { get; init; }

    /// <summary>GENERATED ALWAYS AS IDENTITY: UPDATE cannot set it.</summary>
    public bool IsIdentityAlways { get; init; }

    public PgNativeInput NativeInput { get; init; }

    /// <summary>True where <c>=</c> is found with the pinned search_path.</summary>
    public bool HasEquality { get; init; } = true;

    /// <summary>The least and greatest value of an integer column.</summary>
    public (long Least, long Greatest) IntegerRange => Codec switch
    {
        PgCodec.Int2 => (short.MinValue, short.MaxValue),
        PgCodec.Int4 => (int.MinValue, int.MaxValue),
        _ => (long.MinValue, long.MaxValue),
    };

    /// <summary>The column as COPY reads it.</summary>
    public string ReadExpression(string alias)
        => Codec == PgCodec.Native ? $"{alias}.{Quoted}::pg_catalog.text" : $"{alias}.{Quoted}";

    /// <summary>What a text in the column's type is. The cast of a text to a regclass takes names only, and its input function numbers too.</summary>
    public string FromText(string text)
        => CastType == RegClass ? $"pg_catalog.regclassin(pg_catalog.textout({text}))" : $"{text}::{CastType}";

    /// <summary>The column's binary form as a bytea.</summary>
    public string SendExpression(string column)
        => "pg_catalog." + Codec switch
        {
            PgCodec.Bool => $"boolsend({column})",
            PgCodec.Int2 => $"int2send({column})",
            PgCodec.Int4 => $"int4send({column})",
            PgCodec.Int8 => $"int8send({column})",
            PgCodec.Float4 => $"float4send({column})",
            PgCodec.Float8 => $"float8send({column})",
            PgCodec.Numeric => $"numeric_send({column})",
            PgCodec.Bytea => $"byteasend({column})",
            PgCodec.Uuid => $"uuid_send({column})",
            PgCodec.Date => $"date_send({column})",
            PgCodec.Time => $"time_send({column})",
            PgCodec.Timestamp => $"timestamp_send({column})",
            PgCodec.TimestampTz => $"timestamptz_send({column})",
            PgCodec.Text when IsBlankPadded => $"bpcharsend({column})",
            _ => $"textsend({column}::pg_catalog.text)",
        };

    /// <summary>What to sort by so that rows come in <see cref="ColumnSchema.KeyOrder"/>.</summary>
    public string OrderExpression(string alias)
    {
        if (Codec != PgCodec.Text)
            return $"{alias}.{Quoted}";
        if (IsBlankPadded)
            return $"pg_catalog.bpcharsend({alias}.{Quoted})";
        if (IsCaseless)
            return $"{alias}.{Quoted}::pg_catalog.text COLLATE \"C\"";
        return SortsByBytes ? $"{alias}.{Quoted}" : $"{alias}.{Quoted} COLLATE \"C\"";
    }

    /// <summary>A condition that holds where two expressions of this column's type are the same to the byte; null equals nothing.</summary>
    public string SameBytes(string l, string r)
        => Codec switch
        {
            PgCodec.Float4 => $"pg_catalog.float4send({l}) = pg_catalog.float4send({r})",
            PgCodec.Float8 => $"pg_catalog.float8send({l}) = pg_catalog.float8send({r})",
            PgCodec.Numeric => $"pg_catalog.numeric_send({l}) = pg_catalog.numeric_send({r})",
            PgCodec.Text when IsBlankPadded => $"pg_catalog.bpcharsend({l}) = pg_catalog.bpcharsend({r})",
            PgCodec.Text when IsCaseless || !IsDeterministic
                => $"{l}::pg_catalog.text COLLATE \"C\" = {r}::pg_catalog.text COLLATE \"C\"",
            PgCodec.Native => $"{l}::pg_catalog.text COLLATE \"C\" = {r}::pg_catalog.text COLLATE \"C\"",
            _ => $"{l} = {r}",
        };

    /// <summary>The same for a key column, which has an equality of its own that an index can serve.</summary>
    public string SameKey(string l, string r)
    {
        var same = SameBytes(l, r);
        var equal = $"{l} = {r}";
        return same == equal || !HasEquality ? same : $"{equal} AND {same}";
    }
}

/// <summary>A table as it stands in the database: every column, also those that a profile or their kind leaves out.</summary>
internal sealed record PgTable(TableName Name, uint Oid, bool IsPartitioned, IReadOnlyList<PgColumn> Columns)
{
    private readonly Dictionary<string, PgColumn> _byName = Columns.ToDictionary(c => c.Name, StringComparer.Ordinal);

    public required TableSchema Schema { get; init; }

    public bool IsOwner { get; init; }

    /// <summary>False where only some columns may be read; then what belongs to no column (ctid) may not be.</summary>
    public bool MayReadWhole { get; init; }

    /// <summary>The table in a FROM clause: an inheritance parent without its children, a partitioned table with its partitions.</summary>
    public string From { get; } = (IsPartitioned ? string.Empty : "ONLY ") + PgName.Quote(Name);

    /// <summary>The columns of a schema in its field order.</summary>
    public PgColumn[] Select(IEnumerable<ColumnSchema> columns) => [.. columns.Select(c => this[c.Name])];

    public PgColumn[] Key(TableSchema schema) => [.. schema.Key.Select(i => this[schema.Columns[i].Name])];

    public PgColumn this[string column] => _byName.TryGetValue(column, out var found)
        ? found
        : throw new LoggerCmsException(
            ErrorCodes.SchemaMismatch,
            $"Table {Name} no longer has the column {column}.",
            "The schema was changed in the meantime; run the same command again.");
}
