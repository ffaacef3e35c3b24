using System.Buffers.Binary;

namespace LoggerCms.Core.Temp.Linux;

/// <summary>What an entry of an access list is about. The values are the stored ones, and in the order in which entries are stored.</summary>
internal enum AclTag : ushort
{
    Owner = 0x01,
    User = 0x02,
    OwningGroup = 0x04,
    Group = 0x08,
    Mask = 0x10,
    Other = 0x20,
}

/// <summary>One entry: read 4, write 2, execute 1.</summary>
internal readonly record struct AclEntry(AclTag Tag, uint Id, int Rights);

/// <summary>
/// An access list by POSIX.1e, in the form in which Linux stores it in <c>system.posix_acl_access</c>:
/// uint32 version 2, then uint16 tag, uint16 rights, uint32 id for each entry, little-endian.
/// </summary>
internal sealed class PosixAcl
{
    public const int Read = 4;
    public const int Write = 2;
    public const int Execute = 1;
    public const int All = Read | Write | Execute;
    private const int Version = 2;
    private const int HeaderSize = 4;
    private const int EntrySize = 8;
    private const uint NoId = uint.MaxValue;

    public PosixAcl(IEnumerable<AclEntry> entries) => Entries = [.. entries.OrderBy(e => e.Tag).ThenBy(e => e.Id)];

    public IReadOnlyList<AclEntry> Entries { get; }

    /// <summary>Null where there is no mask: only owner, owning group and others.</summary>
    public int? Mask => Entries.Any(e => e.Tag == AclTag.Mask) ? Entries.First(e => e.Tag == AclTag.Mask).Rights : null;

    /// <summary>The list that mode bits stand for.</summary>
    public static PosixAcl FromMode(uint mode) => new(
    [
        new(AclTag.Owner, NoId, (int)(mode >> 6) & All),
        new(AclTag.OwningGroup, NoId, (int)(mode >> 3) & All),
        new(AclTag.Other, NoId, (int)mode & All),
    ]);

    /// <exception cref="FormatException">Not a list of the one known version.</exception>
    public static PosixAcl FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderSize || (bytes.Length - HeaderSize) % EntrySize != 0 || BinaryPrimitives.ReadInt32LittleEndian(bytes) != Version)
            throw new FormatException("The stored access list is of an unknown form.");
        var entries = new List<AclEntry>();
        for (var at = HeaderSize; at < bytes.Length; at += EntrySize)
        {
            entries.Add(new AclEntry(
                (AclTag)BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]),
                BinaryPrimitives.ReadUInt32LittleEndian(bytes[(at + 4)..]),
                BinaryPrimitives.ReadUInt16LittleEndian(bytes[(at + 2)..]) & All));
        }

        return new PosixAcl(entries);
    }

    public byte[] ToBytes()
    {
        var bytes = new byte[HeaderSize + (Entries.Count * EntrySize)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, Version);
        for (var i = 0; i < Entries.Count; i++)
        {
            var at = bytes.AsSpan(HeaderSize + (i * EntrySize));
            BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)Entries[i].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(at[2..], (ushort)Entries[i].Rights);
            BinaryPrimitives.WriteUInt32LittleEndian(at[4..], Entries[i].Id);
        }

        return bytes;
    }

    /// <summary>The nine mode bits that stand for this list; the middle three are the mask where there is one.</summary>
    public uint ToMode() => (uint)((Of(AclTag.Owner) << 6) | ((Mask ?? Of(AclTag.OwningGroup)) << 3) | Of(AclTag.Other));

    public int Of(AclTag tag, uint id = NoId) => Entries.FirstOrDefault(e => e.Tag == tag && e.Id == id).Rights;

    public PosixAcl With(AclTag tag, int rights, uint id = NoId)
        => new([.. Entries.Where(e => e.Tag != tag || e.Id != id), new AclEntry(tag, id, rights)]);

    /// <summary>What an entry gives in effect: the mask bounds all but owner and others.</summary>
    public int Effective(AclEntry entry)
        => entry.Tag is AclTag.Owner or AclTag.Other or AclTag.Mask ? entry.Rights : entry.Rights & (Mask ?? All);

    /// <summary>
    /// Whether an account gets the rights, and which entry decides it. The first that matches decides: owner, named user,
    /// groups (one of them must give everything asked for by itself), others.
    /// </summary>
    public AclDecision Decide(LinuxAccount account, uint owner, uint owningGroup, int wanted)
    {
        if (account.User == owner)
            return Decision(Entries.First(e => e.Tag == AclTag.Owner), "it is the owner");
        if (Entries.FirstOrDefault(e => e.Tag == AclTag.User && e.Id == account.User) is { Tag: AclTag.User } named)
            return Decision(named, "by its own entry");
        var groups = Entries.Where(e =>
            (e.Tag == AclTag.OwningGroup && account.Groups.Contains(owningGroup)) || (e.Tag == AclTag.Group && account.Groups.Contains(e.Id))).ToList();
        if (groups.Count == 0)
            return Decision(Entries.First(e => e.Tag == AclTag.Other), "as one of the others");
        var entry = groups.FirstOrDefault(e => (e.Rights & wanted) == wanted, groups[0]);
        return Decision(entry, $"by group {LinuxAccount.GroupName(entry.Tag == AclTag.Group ? entry.Id : owningGroup)}");

        AclDecision Decision(AclEntry by, string why)
        {
            var effective = Effective(by);
            var masked = effective == by.Rights ? string.Empty : $", of which the mask leaves {Text(effective)}";
            return new AclDecision((effective & wanted) == wanted, $"{Text(by.Rights)} {why}{masked}");
        }
    }

    public static string Text(int rights)
        => $"{((rights & Read) != 0 ? 'r' : '-')}{((rights & Write) != 0 ? 'w' : '-')}{((rights & Execute) != 0 ? 'x' : '-')}";

    /// <summary>An entry's name as getfacl writes it.</summary>
    public static string Name(AclEntry entry) => entry.Tag switch
    {
        AclTag.Owner => "user:",
        AclTag.User => $"user:{LinuxAccount.ByNumber(entry.Id).Name}",
        AclTag.OwningGroup => "group:",
        AclTag.Group => $"group:{LinuxAccount.GroupName(entry.Id)}",
        AclTag.Mask => "mask:",
        _ => "other:",
    };

    public override string ToString() => string.Join(',', Entries.Select(e => $"{Name(e)}:{Text(e.Rights)}"));
}

/// <summary>An answer and the entry that gives it.</summary>
internal sealed record AclDecision(bool Granted, string Why);
