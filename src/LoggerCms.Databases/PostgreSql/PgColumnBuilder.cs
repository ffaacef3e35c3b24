using LoggerCms.Core.Sides;
using Npgsql;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Makes columns from rows of <see cref="PgCatalogQueries.Columns"/>.</summary>
internal sealed class PgColumnBuilder(IReadOnlyDictionary<uint, PgTypeRow> types, bool isUtf8, bool databaseSortsByBytes)
{
    public PgColumn Read(NpgsqlDataReader row)
    {
        var (number, name, notNull) = (row.GetInt32(1), row.GetString(2), row.GetBoolean(3));
        var (identity, generated, declared) = (row.GetString(4), row.GetString(5), row.GetString(8));
        var (type, modifier, domainNotNull) = Resolve(types[(uint)row.GetInt64(6)], row.GetInt32(7));
        var (codec, kind) = PgTypes.Map(type);
        var (collation, deterministic, provider, collate) = (row.GetString(9), row.GetBoolean(10), row.GetString(11), row.GetString(12));
        var isCaseless = codec == PgCodec.Text && type.Name == "citext";
        var (maxLength, precision, scale) = PgTypes.Limits(type.Name, codec, modifier);
        var schema = new ColumnSchema(name, new LogicalType(kind, kind == LogicalKind.Native ? type.Formatted : null), !notNull && !domainNotNull)
        {
            DeclaredType = declared,
            KeyOrder = PgTypes.Order(codec, isUtf8),
            CollationIsBinary = deterministic && !isCaseless,
            IsIdentity = identity.Length > 0,
            MaxLength = maxLength,
            Precision = precision,
            Scale = scale,
        };
        var column = new PgColumn(schema, codec, number)
        {
            CastType = PgName.Quote(type.Schema) + "." + PgName.Quote(type.Name),
            IsBlankPadded = codec == PgCodec.Text && type.Name == "bpchar",
            IsCaseless = isCaseless,
            IsDeterministic = deterministic,
            SortsByBytes = collation == "default" ? databaseSortsByBytes : provider == "b" || (provider == "c" && collate is "C" or "POSIX"),
            IsGenerated = generated.Length > 0,
            IsIdentityAlways = identity == "a",
            NativeInput = PgTypes.NativeInput(type),
            HasEquality = codec != PgCodec.Native || type.Schema == "pg_catalog" || type.Kind == "e",
        };
        PgValueFit.Remember(column);
        return column;
    }

    /// <summary>A domain's base type with its modifier; domains can stand on domains.</summary>
    private (PgTypeRow Type, int Modifier, bool NotNull) Resolve(PgTypeRow type, int modifier)
    {
        var notNull = false;
        while (type.Kind == "d")
        {
            notNull |= type.NotNull;
            modifier = type.BaseModifier;
            type = types[type.BaseOid];
        }

        return (type, modifier, notNull);
    }
}
