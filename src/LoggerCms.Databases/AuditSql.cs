using System.Data.Common;
using System.Globalization;
using System.Text;
using LoggerCms.Core.Auditing;

namespace LoggerCms.Databases;

/// <summary>What the audit databases of all makes have in common.</summary>
internal static class AuditSql
{
    /// <summary>Of the servers' tables.</summary>
    public const int Format = 1;

    public const string Columns =
        "id, time_us, source, principal_id, principal_name, action, object_id, object_name, object_kind, path, result, detail, client_address";

    /// <summary>The statement of a filter.</summary>
    /// <param name="filter">What to read.</param>
    /// <param name="dialect">How the make says it.</param>
    /// <param name="parameters">The values of the parameters, from number 1 on.</param>
    public static string Select(AuditFilter filter, AuditDialect dialect, out List<object> parameters)
    {
        if (filter.Take is < 1 or > AuditFilter.MostAtOnce)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"{filter.Take} events cannot be read at once.", $"Ask for 1 to {AuditFilter.MostAtOnce}, and for the next page behind the last.");
        }

        var values = new List<object>();
        var sql = new StringBuilder($"SELECT {Columns} FROM {(filter.ObjectId is null ? dialect.Table : dialect.TableForObject ?? dialect.Table)}");
        Add("time_us >=", filter.FromUs);
        Add("time_us <", filter.ToUs);
        Add("principal_id =", filter.PrincipalId);
        AddText("principal_name", filter.PrincipalName);
        AddText("action", filter.Action);
        Add("object_id =", filter.ObjectId);
        Add("result =", filter.Result is { } result ? (long)result : null);
        AddText("source", filter.Source);
        if (filter.Text is { } text)
        {
            var pattern = Parameter("%" + Escape(text, dialect) + "%");
            Where($"({string.Join(" OR ", new[] { "detail", "path", "object_name" }.Select(c => $"{dialect.Like(c, pattern)} ESCAPE '\\'"))})");
        }

        if (filter.After is { } after)
        {
            var beyond = filter.Descending ? '<' : '>';
            var (time, id) = (Parameter(after.TimeUs), Parameter(dialect.Id(after.Id)));
            Where(dialect.IsTransactSql
                ? $"(time_us {beyond} {time} OR (time_us = {time} AND id {beyond} {id}))"
                : $"(time_us, id) {beyond} ({time}, {id})");
        }

        var order = filter.Descending ? " DESC" : string.Empty;
        sql.Append(CultureInfo.InvariantCulture, $" ORDER BY time_us{order}, id{order} ")
            .Append(dialect.IsTransactSql ? $"OFFSET 0 ROWS FETCH NEXT {filter.Take} ROWS ONLY" : $"LIMIT {filter.Take}");
        parameters = values;
        return sql.ToString();

        void Add(string condition, object? value)
        {
            if (value is not null)
                Where($"{condition} {Parameter(value)}");
        }

        void AddText(string column, string? value)
        {
            if (value is not null)
                Where(dialect.IsText(column, Parameter(value)));
        }

        string Parameter(object value)
        {
            values.Add(value);
            return dialect.Mark + values.Count.ToString(CultureInfo.InvariantCulture);
        }

        void Where(string condition) => sql.Append(sql.ToString().Contains(" WHERE ", StringComparison.Ordinal) ? " AND " : " WHERE ").Append(condition);
    }

    private static string Escape(string text, AuditDialect dialect)
    {
        var escaped = new StringBuilder();
        foreach (var c in text)
        {
            if (c is '\\' or '%' or '_' || (c == '[' && dialect.IsTransactSql))
                escaped.Append('\\');
            escaped.Append(c);
        }

        return escaped.ToString();
    }

    public static LoggerCmsException UnknownFormat(string database, long format, int known = Format) => new(
        ErrorCodes.FormatNotSupported,
        $"The audit table of '{database}' has format {format}; this release knows {known}. Nothing was changed.",
        "Use the release that made it, or give another database for the audit.",
        database);

    public static LoggerCmsException NotPrepared(string database) => new(
        ErrorCodes.TableNotFound, $"'{database}' has no audit table.", "Start a node on it with Start-CmsNode, which makes it.", database);

    /// <summary>The rest of a row behind its id, which each make has in a form of its own; in the order of the columns, as sequential access demands.</summary>
    public static AuditEvent Read(Guid id, DbDataReader r) => new()
    {
        Id = id,
        TimeUs = r.GetInt64(1),
        Source = r.GetString(2),
        PrincipalId = r.GetInt64(3),
        PrincipalName = r.GetString(4),
        Action = r.GetString(5),
        ObjectId = r.GetInt64(6),
        ObjectName = r.GetString(7),
        ObjectKind = r.GetString(8),
        Path = r.GetString(9),
        Result = (AuditResult)r.GetInt16(10),
        Detail = r.GetString(11),
        ClientAddress = r.GetString(12),
    };
}

/// <summary>How a make says what all of them can.</summary>
/// <param name="Mark">What stands before a parameter's number.</param>
/// <param name="Table">The table of events.</param>
/// <param name="IsText">That a column is a text, leaving the case of ASCII letters aside at least.</param>
/// <param name="Like">A LIKE over a column and a pattern that leaves the case of ASCII letters aside.</param>
/// <param name="Id">An id as the table has it.</param>
/// <param name="IsTransactSql">It has neither LIMIT nor rows as values, and a bracket means something in a pattern.</param>
/// <param name="TableForObject">What to read from instead of the table where the events of one object are asked for; null for the table.</param>
internal sealed record AuditDialect(
    string Mark, string Table, Func<string, string, string> IsText, Func<string, string, string> Like, Func<Guid, object> Id, bool IsTransactSql = false, string? TableForObject = null);
