using System.Globalization;
using System.Text;
using LoggerCms.Core.Auditing;

namespace LoggerCms.Databases;

/// <summary>What the audit databases of all makes have in common.</summary>
internal static class AuditSql
{
    public const int Format = 1;

    public const string Columns =
        "id, time_us, source, principal_id, principal_name, action, object_id, object_name, object_kind, path, result, detail, client_address";

    /// <summary>The statement of a filter.</summary>
    /// <param name="filter">What to read.</param>
    /// <param name="mark">What the make writes before a parameter's number.</param>
    /// <param name="like">The make's LIKE that leaves the case of ASCII letters aside.</param>
    /// <param name="id">An id as the make has it.</param>
    /// <param name="parameters">The values of the parameters, from number 1 on.</param>
    public static string Select(AuditFilter filter, char mark, string like, Func<Guid, object> id, out List<object> parameters)
    {
        if (filter.Take is < 1 or > AuditFilter.MostAtOnce)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidOption, $"{filter.Take} events cannot be read at once.", $"Ask for 1 to {AuditFilter.MostAtOnce}, and for the next page behind the last.");
        }

        var values = new List<object>();
        var sql = new StringBuilder($"SELECT {Columns} FROM audit_event");
        Add("time_us >=", filter.FromUs);
        Add("time_us <", filter.ToUs);
        Add("principal_id =", filter.PrincipalId);
        Add("principal_name =", filter.PrincipalName);
        Add("action =", filter.Action);
        Add("object_id =", filter.ObjectId);
        Add("result =", filter.Result is { } result ? (long)result : null);
        Add("source =", filter.Source);
        if (filter.Text is { } text)
        {
            var pattern = Parameter("%" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal)
                .Replace("_", "\\_", StringComparison.Ordinal) + "%");
            Where($"({string.Join(" OR ", new[] { "detail", "path", "object_name" }.Select(c => $"{c} {like} {pattern} ESCAPE '\\'"))})");
        }

        if (filter.After is { } after)
            Where($"(time_us, id) {(filter.Descending ? '<' : '>')} ({Parameter(after.TimeUs)}, {Parameter(id(after.Id))})");
        var order = filter.Descending ? " DESC" : string.Empty;
        sql.Append(CultureInfo.InvariantCulture, $" ORDER BY time_us{order}, id{order} LIMIT {filter.Take}");
        parameters = values;
        return sql.ToString();

        void Add(string condition, object? value)
        {
            if (value is not null)
                Where($"{condition} {Parameter(value)}");
        }

        string Parameter(object value)
        {
            values.Add(value);
            return mark + values.Count.ToString(CultureInfo.InvariantCulture);
        }

        void Where(string condition) => sql.Append(sql.ToString().Contains(" WHERE ", StringComparison.Ordinal) ? " AND " : " WHERE ").Append(condition);
    }

    public static LoggerCmsException UnknownFormat(string database, long format) => new(
        ErrorCodes.FormatNotSupported,
        $"The audit table of '{database}' has format {format}; this release knows {Format}. Nothing was changed.",
        "Use the release that made it, or give another database for the audit.",
        database);

    public static LoggerCmsException NotPrepared(string database) => new(
        ErrorCodes.TableNotFound, $"'{database}' has no audit table.", "Start a node on it with Start-CmsNode, which makes it.", database);
}
