using System.Collections.Specialized;
using LoggerCms.Core.Deltas;
using LoggerCms.Core.Files;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Cluster;

/// <summary>The records of a delta file as the shell shows them, without what passwords and tokens could be guessed from.</summary>
internal static class DeltaRecords
{
    /// <summary>
    /// The records of a file that <see cref="DeltaFiles.Find"/> told of, one at a time, and no more than it counted: what the segment after it makes void
    /// stands in that one, too.
    /// </summary>
    /// <exception cref="LoggerCmsException">As <see cref="DeltaFiles.Open"/>.</exception>
    public static IEnumerable<DeltaRecordInfo> Read(IFileLayer files, DeltaFileInfo file)
    {
        using var reader = DeltaFiles.Open(files, file.Path);
        while (reader.Records < file.Records && reader.Read())
        {
            yield return Told(
                reader.Payload,
                new DeltaRecordInfo
                {
                    Path = file.Path,
                    Epoch = reader.Header!.Journal.Epoch,
                    UpdateKey = reader.LastKey!.Value,
                    Offset = reader.RecordOffset,
                    Bytes = reader.Payload.Length,
                });
        }
    }

    private static DeltaRecordInfo Told(ReadOnlySpan<byte> payload, DeltaRecordInfo place)
    {
        try
        {
            var record = ChangeRecordCodec.Decode(payload);
            return place with
            {
                Time = UnixTime.Of(record.TimeUs).ToLocalTime(),
                PrincipalId = record.PrincipalId,
                ClientAddress = record.ClientAddress,
                Changes = Array.ConvertAll(record.Changes, Told),
            };
        }
        catch (Exception exception) when (exception is LoggerCmsException or ArgumentOutOfRangeException)
        {
            // The records behind it can be told all the same.
            return place with { Detail = exception.Message };
        }
    }

    private static DeltaChangeInfo Told(Change change) => change switch
    {
        PutChange put => Told(put),
        RemoveChange remove => new DeltaChangeInfo { Operation = "Remove", UpdateKey = remove.UpdateKey, Id = remove.Id, Kind = remove.Kind, Name = remove.Name },
        PutLocalChange { Entry: { Key.Class: LocalClass.Token } entry } => Told(change.UpdateKey, TokenEntry.Decode(entry)),
        PutLocalChange { Entry.Key: var key } => new DeltaChangeInfo { Operation = $"Put{key.Class}", UpdateKey = change.UpdateKey, LocalId = key.Id },
        RemoveLocalChange { Key: var key } => new DeltaChangeInfo { Operation = $"Remove{key.Class}", UpdateKey = change.UpdateKey, LocalId = key.Id },
        _ => throw new InvalidOperationException($"A {change.GetType().Name} has no form."),
    };

    private static DeltaChangeInfo Told(PutChange put)
    {
        var rights = AccessList.DecodeOrShut(put.Object.AccessList);
        return new DeltaChangeInfo
        {
            Operation = put.BeforeKey == 0 ? "Create" : "Update",
            UpdateKey = put.UpdateKey,
            Id = put.Object.Id,
            Cuid = put.Object.Cuid,
            Kind = put.Object.Kind,
            Name = put.Object.Name,
            ParentId = put.Object.ParentId,
            OwnerId = put.Object.OwnerId,
            Version = put.Object.Version,
            Properties = Bag(PasswordRecord.Without(put.Object)),
            InheritFromFolder = rights.InheritFromFolder,
            InheritFromGroups = rights.InheritFromGroups,
            Rights = rights.Entries.Select(e => new CmsObjectRight { PrincipalId = e.PrincipalId, Right = e.Right, Value = e.Value.ToString() }).ToArray(),
        };
    }

    private static DeltaChangeInfo Told(long updateKey, TokenEntry token) => new()
    {
        Operation = "PutToken",
        UpdateKey = updateKey,
        LocalId = token.Id,
        Name = token.Name,
        Properties = new OrderedDictionary
        {
            [nameof(CmsToken.PrincipalId)] = token.PrincipalId,
            [nameof(CmsToken.Created)] = UnixTime.Of(token.CreatedUs).ToLocalTime(),
            [nameof(CmsToken.Expires)] = UnixTime.Of(token.ExpiresUs).ToLocalTime(),
            [nameof(CmsToken.Revoked)] = token.IsRevoked,
        },
    };

    private static OrderedDictionary Bag(PropertyBag bag)
    {
        var told = new OrderedDictionary(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in bag)
            told[name] = Value(value);
        return told;
    }

    private static object? Value(PropertyValue value) => value.Type switch
    {
        PropertyType.String => value.AsString,
        PropertyType.Integer => value.AsInteger,
        PropertyType.Decimal => value.AsDecimal,
        PropertyType.Double => value.AsDouble,
        PropertyType.Boolean => value.AsBoolean,
        PropertyType.Date => value.AsDate,
        PropertyType.Guid => value.AsGuid,
        PropertyType.Binary => value.AsBinary,
        PropertyType.List => value.AsList.Select(Value).ToArray(),
        PropertyType.Bag => Bag(value.AsBag),
        _ => null,
    };
}
