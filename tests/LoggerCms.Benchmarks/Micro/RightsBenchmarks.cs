using BenchmarkDotNet.Attributes;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Benchmarks.Micro;

/// <summary>One check of a right on an object five folders deep, for a user in three groups, over a view that is a dictionary.</summary>
[MemoryDiagnoser]
public class RightsBenchmarks
{
    private const long User = 100;
    private readonly DictionaryView _view = new();
    private readonly TokenService _tokens = new(TimeProvider.System);
    private RightsEvaluator _rights = null!;
    private AccessContext _request = null!;
    private CmsObject _plain = null!;
    private CmsObject _listed = null!;
    private string _token = string.Empty;

    [GlobalSetup]
    public void SetUp()
    {
        _view.Put(4, ObjectKinds.Folder, 0);
        _view.Put(BuiltIn.Everyone, ObjectKinds.UserGroup, 4);
        _view.Put(BuiltIn.Administrators, ObjectKinds.UserGroup, 4);
        for (long group = 101; group <= 103; group++)
            _view.Put(group, ObjectKinds.UserGroup, 4);
        _view.Put(User, ObjectKinds.User, 4);
        for (long folder = 11; folder <= 15; folder++)
        {
            _view.Put(folder, ObjectKinds.Folder, folder == 11 ? 4 : folder - 1);
            var list = Enumerable.Range(0, 8).Aggregate(AccessList.Empty, (made, i) => made.Grant(101 + (i % 4), i < 4 ? Rights.Add : Rights.Schedule));
            _view.Put(folder + 10, ObjectKinds.Folder, folder == 11 ? 4 : folder + 9, folder == 11 ? list.Grant(102, Rights.View) : list);
        }

        _plain = _view.Put(30, "Document", 15);
        _listed = _view.Put(31, "Document", 25);
        _rights = new RightsEvaluator(new Membership(o => o.Id == User ? [101, 102] : o.Id == 102 ? [103] : []));
        _request = _rights.Begin(_view, User);
        var issued = _tokens.Issue(User, "benchmark", TimeSpan.FromDays(1));
        _tokens.Apply(issued.Entry);
        _token = issued.Text;
    }

    /// <summary>No list on the path: what most checks are.</summary>
    [Benchmark(Baseline = true)]
    public bool Path5WithoutLists() => _request.Has(_plain, Rights.View);

    /// <summary>Eight entries on each of five folders, and the grant in the topmost.</summary>
    [Benchmark]
    public bool Path5WithLists() => _request.Has(_listed, Rights.View);

    /// <summary>With the groups looked up and found unchanged, as the first check of a request.</summary>
    [Benchmark]
    public bool WithPrincipal() => _rights.Decide(_view, User, _plain, Rights.View).Granted;

    [Benchmark]
    public long VerifyToken() => _tokens.Verify(_token).PrincipalId;

    private sealed class DictionaryView : IObjectView
    {
        private readonly Dictionary<long, CmsObject> _objects = [];

        public long UpdateKey => 0;

        public CmsObject Put(long id, string kind, long parentId, AccessList? list = null)
            => _objects[id] = new CmsObject
            {
                Id = id,
                Cuid = string.Empty,
                Kind = kind,
                ParentId = parentId,
                Name = string.Empty,
                OwnerId = BuiltIn.Administrator,
                Version = 1,
                UpdateKey = id,
                CreatedUs = 0,
                ModifiedUs = 0,
                Properties = [],
                AccessList = (list ?? AccessList.Empty).Encode(),
            };

        public CmsObject? Find(long id) => _objects.GetValueOrDefault(id);

        public CmsObject? FindByCuid(string cuid) => null;

        public CmsObject? FindChild(long parentId, string name) => null;

        public IEnumerable<CmsObject> Children(long parentId) => [];

        public IEnumerable<CmsObject> OfKind(string kind) => [];

        public IEnumerable<CmsObject> All() => _objects.Values;
    }
}
