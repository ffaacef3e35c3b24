using System.Globalization;
using System.Runtime.InteropServices;

namespace LoggerCms.Core.Temp.Linux;

/// <summary>An account with the groups that count for it.</summary>
/// <param name="Name">Its name, or its number where it has none.</param>
/// <param name="User">Its number.</param>
/// <param name="Group">Its first group.</param>
/// <param name="Groups">All its groups, the first one too.</param>
/// <param name="Home">Its home folder, where it has one.</param>
/// <param name="Capabilities">The effective capabilities of the process that is asked about; null where no process is.</param>
internal sealed record LinuxAccount(string Name, uint User, uint Group, IReadOnlySet<uint> Groups, string? Home, ulong? Capabilities = null)
{
    private const uint Nobody = 65534;
    private const int BufferSize = 1 << 16;
    private const int MostGroups = 65536;

    /// <summary>Capabilities that change what a temp folder lets its owner do, by their names for setpriv.</summary>
    private static readonly (int Bit, string Name)[] s_deciding = [(1, "dac_override"), (2, "dac_read_search"), (3, "fowner"), (24, "sys_resource")];

    /// <summary>Whether mode bits and lists do not count for it: CAP_DAC_OVERRIDE.</summary>
    public bool Overrides => Capabilities is { } held ? (held & 0b10) != 0 : User == 0;

    /// <summary>Deciding capabilities that root would have and this process of root's has not.</summary>
    public IEnumerable<string> Lacking => Capabilities is { } held ? s_deciding.Where(c => (held & (1UL << c.Bit)) == 0).Select(c => c.Name) : [];

    /// <summary>The account that runs this process, with the process's own groups.</summary>
    public static unsafe LinuxAccount Current()
    {
        var (user, group) = (LibC.EffectiveUser(), LibC.EffectiveGroup());
        var buffer = new uint[MostGroups];
        int count;
        fixed (uint* groups = buffer)
            count = LibC.Groups(buffer.Length, groups);
        var known = ByNumber(user);
        return new LinuxAccount(known.Name, user, group, new HashSet<uint>([group, .. buffer.Take(Math.Max(0, count))]), known.Home);
    }

    /// <exception cref="LoggerCmsException">AccountNotFound.</exception>
    public static LinuxAccount ByName(string name)
        => Find(name) ?? (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? ByNumber(number) : throw new LoggerCmsException(
            ErrorCodes.AccountNotFound,
            $"This machine knows no account '{name}'.",
            "getent passwd lists the accounts; a number is taken too."));

    /// <summary>The account of a number; one that nobody knows by name has no group of its own.</summary>
    public static unsafe LinuxAccount ByNumber(uint number)
    {
        var buffer = new byte[BufferSize];
        RawUser user;
        RawUser* result;
        fixed (byte* bytes = buffer)
        {
            if (LibC.UserById(number, &user, bytes, BufferSize, &result) == 0 && result is not null)
                return Of(user);
        }

        return new LinuxAccount(number.ToString(CultureInfo.InvariantCulture), number, Nobody, new HashSet<uint> { Nobody }, null);
    }

    public static unsafe string GroupName(uint number)
    {
        var buffer = new byte[BufferSize];
        RawGroup group;
        RawGroup* result;
        fixed (byte* bytes = buffer)
        {
            return LibC.GroupById(number, &group, bytes, BufferSize, &result) == 0 && result is not null
                ? Text(group.Name)
                : number.ToString(CultureInfo.InvariantCulture);
        }
    }

    /// <summary>Accounts that a group lists as members; those whose first group it is are not among them.</summary>
    public static unsafe IReadOnlyList<string> Members(uint number)
    {
        var buffer = new byte[BufferSize];
        var members = new List<string>();
        RawGroup group;
        RawGroup* result;
        fixed (byte* bytes = buffer)
        {
            if (LibC.GroupById(number, &group, bytes, BufferSize, &result) != 0 || result is null)
                return members;
            for (var member = group.Members; *member is not null; member++)
                members.Add(Text(*member));
        }

        return members;
    }

    private static unsafe LinuxAccount? Find(string name)
    {
        var buffer = new byte[BufferSize];
        RawUser user;
        RawUser* result;
        fixed (byte* bytes = buffer)
            return LibC.UserByName(name, &user, bytes, BufferSize, &result) == 0 && result is not null ? Of(user) : null;
    }

    private static unsafe LinuxAccount Of(RawUser user)
    {
        var name = Text(user.Name);
        var count = MostGroups;
        var buffer = new uint[MostGroups];
        fixed (uint* groups = buffer)
            _ = LibC.GroupList(name, user.Group, groups, ref count);
        return new LinuxAccount(name, user.Id, user.Group, new HashSet<uint>([user.Group, .. buffer.Take(Math.Clamp(count, 0, MostGroups))]), Text(user.Home));
    }

    private static unsafe string Text(byte* value) => Marshal.PtrToStringUTF8((nint)value) ?? string.Empty;
}
