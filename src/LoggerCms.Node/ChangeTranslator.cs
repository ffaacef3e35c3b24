using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Node;

/// <summary>Turns a change as it came over the wire into an operation; what is missing or makes no sense is named.</summary>
internal static class ChangeTranslator
{
    private static readonly string[] s_ofEveryObject = [.. CmsColumns.OfEveryObject, CmsColumns.Ancestor];

    /// <exception cref="LoggerCmsException">InvalidObject.</exception>
    public static WriteOperation Translate(ChangeFields change) => change.Operation switch
    {
        null => throw Invalid("A change has no Operation.", "Use Create, Update, Move, Remove, SetRight or SetInheritance."),
        "Create" => new CreateObject
        {
            Kind = Needed(change.Kind, change, nameof(change.Kind)),
            Name = Needed(change.Name, change, nameof(change.Name)),
            ParentId = Needed(change.ParentId, change, nameof(change.ParentId)),
            Cuid = change.Cuid,
            OwnerId = change.OwnerId,
            Properties = Checked(change.Properties)?.Encode() ?? [],
            AccessList = change.Rights is { } rights ? WholeList(rights) : [],
        },
        "Update" => new ChangeObject
        {
            Id = Id(change),
            ExpectedVersion = change.ExpectedVersion,
            ExpectedCuid = change.ExpectedCuid,
            Name = change.Name,
            OwnerId = change.OwnerId,
            Properties = Properties(change),
            AccessList = change.Rights is { } rights ? Replace(WholeList(rights)) : null,
        },
        "Move" => new ChangeObject
        {
            Id = Id(change),
            ExpectedVersion = change.ExpectedVersion,
            ExpectedCuid = change.ExpectedCuid,
            ParentId = Needed(change.ParentId, change, nameof(change.ParentId)),
            Name = change.Name,
        },
        "Remove" => new RemoveObject
        {
            Id = Id(change),
            ExpectedVersion = change.ExpectedVersion,
            ExpectedCuid = change.ExpectedCuid,
            Recurse = change.Recurse,
        },
        "SetRight" => new ChangeObject
        {
            Id = Id(change),
            ExpectedVersion = change.ExpectedVersion,
            ExpectedCuid = change.ExpectedCuid,
            AccessList = SetRight(change),
        },
        "SetInheritance" => new ChangeObject
        {
            Id = Id(change),
            ExpectedVersion = change.ExpectedVersion,
            ExpectedCuid = change.ExpectedCuid,
            AccessList = bytes =>
            {
                var list = AccessList.DecodeOrShut(bytes);
                return list.WithInheritance(change.InheritFromFolder ?? list.InheritFromFolder, change.InheritFromGroups ?? list.InheritFromGroups).Encode();
            },
        },
        _ => throw Invalid($"The operation '{change.Operation}' does not exist.", "Use Create, Update, Move, Remove, SetRight or SetInheritance."),
    };

    private static Func<byte[], byte[]> Replace(byte[] list) => _ => list;

    private static byte[] WholeList(CmsObjectRights rights)
    {
        var list = AccessList.Empty.WithInheritance(rights.InheritFromFolder, rights.InheritFromGroups);

        foreach (var entry in rights.Entries)
        {
            // The serializer lets null through in a list.
            if (entry is null)
                throw Invalid("An entry of Rights names no right.", "Give PrincipalId, Right and Value.");
            var right = Rights.Enter(ObjectKinds.Folder, entry.Right);
            list = entry.Value switch
            {
                nameof(RightValue.Granted) => list.Grant(entry.PrincipalId, right),
                nameof(RightValue.Denied) => list.Deny(entry.PrincipalId, right),
                _ => throw Invalid($"The value '{entry.Value}' is none that an entry has.", "Use Granted or Denied."),
            };
        }

        return list.Encode();
    }

    private static Func<byte[], byte[]>? Properties(ChangeFields change)
    {
        if (change.Properties is null && change.RemoveProperties is null)
            return null;
        var set = Checked(change.Properties) ?? PropertyBag.Empty;
        var removed = change.RemoveProperties ?? [];
        if (removed.Contains(PasswordRecord.Property, StringComparer.OrdinalIgnoreCase))
            throw OfNode();
        return bytes => PropertyBagMerge.Merge(PropertyBag.Over(bytes), set, removed).Encode();
    }

    private static Func<byte[], byte[]> SetRight(ChangeFields change)
    {
        var principal = Needed(change.PrincipalId, change, nameof(change.PrincipalId));
        var value = Needed(change.RightValue, change, nameof(change.RightValue));
        if (change.Right is null)
        {
            return value == "NotSpecified"
                ? bytes => AccessList.Decode(bytes).RevokeAll(principal).Encode()
                : throw Invalid("The change names no right.", "Give Right.");
        }

        var right = Rights.Enter(ObjectKinds.Folder, change.Right);
        return value switch
        {
            "Granted" => bytes => AccessList.Decode(bytes).Grant(principal, right).Encode(),
            "Denied" => bytes => AccessList.Decode(bytes).Deny(principal, right).Encode(),
            "NotSpecified" => bytes => AccessList.Decode(bytes).Revoke(principal, right).Encode(),
            _ => throw Invalid($"The value '{value}' is none that a right has.", "Use Granted, Denied or NotSpecified."),
        };
    }

    private static PropertyBag? Checked(PropertyBag? properties)
    {
        if (properties is null)
            return null;
        if (properties.Has(PasswordRecord.Property))
            throw OfNode();

        // No query would find it: there the name is that of what every object has.
        foreach (var name in s_ofEveryObject)
        {
            if (properties.Has(name))
                throw Invalid($"{name} is no property but what every object has.", "Set-CmsObject has -Name and -OwnerId for that, and Move-CmsObject -Destination; the rest is the node's.");
        }

        return properties;
    }

    private static LoggerCmsException OfNode() => Invalid($"The property {PasswordRecord.Property} is the node's own.", "Set a password with Set-CmsPassword.");

    private static long Id(ChangeFields change) => Needed(change.Id, change, nameof(change.Id));

    private static T Needed<T>(T? value, ChangeFields change, string name)
        where T : struct => value ?? throw Missing(change, name);

    private static string Needed(string? value, ChangeFields change, string name) => value ?? throw Missing(change, name);

    private static LoggerCmsException Missing(ChangeFields change, string name) => Invalid($"A change with the operation {change.Operation} needs {name}.", $"Give {name}.");

    private static LoggerCmsException Invalid(string message, string remedy) => new(ErrorCodes.InvalidObject, message, remedy);
}
