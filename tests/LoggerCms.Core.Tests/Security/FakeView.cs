using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Tests.Security;

/// <summary>Objects in a dictionary, with the groups of users and groups in another.</summary>
internal sealed class FakeView : IObjectView
{
    public const long Root = 4;

    private readonly Dictionary<long, CmsObject> _objects = [];

    // By version, as a property would be.
    private readonly Dictionary<(long Id, long UpdateKey), long[]> _groups = [];

    public FakeView()
    {
        Put(Root, "Root", ObjectKinds.Folder, 0);
        Principal(BuiltIn.Everyone, "Everyone", ObjectKinds.UserGroup);
        Principal(BuiltIn.Administrators, "Administrators", ObjectKinds.UserGroup);
        Principal(BuiltIn.Administrator, "Administrator", ObjectKinds.User, BuiltIn.Administrators);
        Membership = new Membership(o => _groups.GetValueOrDefault((o.Id, o.UpdateKey), []));
        Rights = new RightsEvaluator(Membership);
    }

    public long UpdateKey { get; private set; }

    public Membership Membership { get; }

    public RightsEvaluator Rights { get; }

    public CmsObject this[long id] => _objects[id];

    public CmsObject Put(long id, string name, string kind, long parentId, AccessList? list = null, long ownerId = BuiltIn.Administrator)
    {
        var obj = new CmsObject
        {
            Id = id,
            Cuid = $"c{id}",
            Kind = kind,
            ParentId = parentId,
            Name = name,
            OwnerId = ownerId,
            Version = (Find(id)?.Version ?? 0) + 1,
            UpdateKey = ++UpdateKey,
            CreatedUs = 0,
            ModifiedUs = 0,
            Properties = [],
            AccessList = (list ?? AccessList.Empty).Encode(),
        };
        return _objects[id] = obj;
    }

    public void Principal(long id, string name, string kind, params long[] groups)
    {
        var obj = Put(id, name, kind, Root);
        _groups[(id, obj.UpdateKey)] = groups;
    }

    /// <summary>Gives an object another list, as a new version.</summary>
    public CmsObject Set(long id, AccessList list)
        => Put(id, _objects[id].Name, _objects[id].Kind, _objects[id].ParentId, list, _objects[id].OwnerId);

    /// <summary>Gives an object bytes that may be no list.</summary>
    public void SetBytes(long id, byte[] list)
    {
        var was = _objects[id];
        _objects[id] = new CmsObject
        {
            Id = id,
            Cuid = was.Cuid,
            Kind = was.Kind,
            ParentId = was.ParentId,
            Name = was.Name,
            OwnerId = was.OwnerId,
            Version = was.Version + 1,
            UpdateKey = ++UpdateKey,
            CreatedUs = 0,
            ModifiedUs = 0,
            Properties = [],
            AccessList = list,
        };
    }

    public void Remove(long id) => _objects.Remove(id);

    public bool Has(long principalId, long objectId, string right) => Rights.Decide(this, principalId, this[objectId], right).Granted;

    public CmsObject? Find(long id) => _objects.GetValueOrDefault(id);

    public CmsObject? FindByCuid(string cuid) => _objects.Values.FirstOrDefault(o => o.Cuid == cuid);

    public CmsObject? FindChild(long parentId, string name)
        => Children(parentId).FirstOrDefault(o => string.Equals(o.Name, name, StringComparison.OrdinalIgnoreCase));

    public IEnumerable<CmsObject> Children(long parentId) => _objects.Values.Where(o => o.ParentId == parentId);

    public IEnumerable<CmsObject> OfKind(string kind) => _objects.Values.Where(o => o.Kind == kind);

    public IEnumerable<CmsObject> All() => _objects.Values;
}
