using System.Collections.Immutable;
using System.Text;

namespace LoggerCms.Core.Security;

internal enum RightValue : byte
{
    Granted = 1,
    Denied = 2,
}

/// <param name="PrincipalId">A user or a group.</param>
/// <param name="Right">A name that <see cref="Rights"/> knows.</param>
/// <param name="Value">What the principal is given.</param>
internal sealed record AccessEntry(long PrincipalId, string Right, RightValue Value);

/// <summary>
/// The rights that are stated on one object, and what it inherits. Encoded: version 1; a byte of flags (1 no inheritance from folders, 2 none from
/// groups); the number of principals; for each, in ascending order, id and number of entries; for each, in ordinal order of names, value, length
/// and ASCII name. Numbers are those of <see cref="ByteCursor.Number"/>. A list without entries that inherits is no bytes.
/// </summary>
internal sealed class AccessList
{
    public const byte FormatVersion = 1;
    public const int MaxEntries = 4096;
    public const int MaxRightLength = 64;

    private const byte NoFolderInheritance = 1;
    private const byte NoGroupInheritance = 2;

    private readonly ImmutableSortedDictionary<(long PrincipalId, string Right), RightValue> _entries;

    private AccessList(
        ImmutableSortedDictionary<(long PrincipalId, string Right), RightValue> entries, bool inheritFromFolder, bool inheritFromGroups)
    {
        _entries = entries;
        InheritFromFolder = inheritFromFolder;
        InheritFromGroups = inheritFromGroups;
    }

    /// <summary>No entry, inherits.</summary>
    public static AccessList Empty { get; } = new(
        ImmutableSortedDictionary.Create<(long PrincipalId, string Right), RightValue>(EntryOrder.Instance), inheritFromFolder: true, inheritFromGroups: true);

    /// <summary>Whether the folders above count where nothing here decides.</summary>
    public bool InheritFromFolder { get; }

    /// <summary>Whether what groups are given counts, here and, as seen from here, in the folders above.</summary>
    public bool InheritFromGroups { get; }

    /// <summary>By principal, then by the name of the right.</summary>
    public IEnumerable<AccessEntry> Entries => _entries.Select(e => new AccessEntry(e.Key.PrincipalId, e.Key.Right, e.Value));

    public int Count => _entries.Count;

    /// <exception cref="LoggerCmsException">InvalidObject: the bytes are no access list; FormatNotSupported: a later release wrote them.</exception>
    public static AccessList Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
            return Empty;
        var reader = new AccessListReader(bytes);
        var entries = Empty._entries.ToBuilder();
        while (reader.Next())
            entries.Add((reader.PrincipalId, Encoding.ASCII.GetString(reader.Right)), reader.Value);
        if (reader.IsOfLaterRelease)
        {
            throw new LoggerCmsException(
                ErrorCodes.FormatNotSupported, $"The access list is of format version {bytes[0]}; this release reads {FormatVersion}.",
                "Use the release that wrote it, or a later one.");
        }

        if (reader.IsDamaged)
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidObject, "The access list is damaged: its bytes are not what any list is written as.",
                "An administrator gives the object a new list: Set-CmsRightInheritance first, which begins it, then Grant-CmsRight.");
        }

        return new AccessList(entries.ToImmutable(), reader.InheritFromFolder, reader.InheritFromGroups);
    }

    /// <summary>The list; in the place of a damaged one, which lets in nobody but administrators, one that does the same.</summary>
    /// <exception cref="LoggerCmsException">FormatNotSupported: a later release wrote it.</exception>
    public static AccessList DecodeOrShut(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Decode(bytes);
        }
        catch (LoggerCmsException exception) when (exception.Code == ErrorCodes.InvalidObject)
        {
            return Empty.WithInheritance(fromFolder: false, fromGroups: false);
        }
    }

    public byte[] Encode()
    {
        if (_entries.IsEmpty && InheritFromFolder && InheritFromGroups)
            return [];
        var sink = new ByteSink();
        sink.Byte(FormatVersion);
        sink.Byte((byte)((InheritFromFolder ? 0 : NoFolderInheritance) | (InheritFromGroups ? 0 : NoGroupInheritance)));
        var principals = _entries.GroupBy(e => e.Key.PrincipalId).ToList();
        sink.Number(principals.Count);
        foreach (var principal in principals)
        {
            sink.Number(principal.Key);
            sink.Number(principal.Count());
            foreach (var ((_, right), value) in principal)
            {
                sink.Byte((byte)value);
                sink.Byte((byte)right.Length);
                sink.Bytes(Encoding.ASCII.GetBytes(right));
            }
        }

        return sink.ToArray();
    }

    /// <summary>Null where nothing is specified.</summary>
    public RightValue? Find(long principalId, string right) => _entries.TryGetValue((principalId, right), out var value) ? value : null;

    /// <exception cref="LoggerCmsException">InvalidObject: no name of a right, or no id; LimitExceeded: too many entries.</exception>
    public AccessList Grant(long principalId, string right) => With(principalId, right, RightValue.Granted);

    /// <inheritdoc cref="Grant"/>
    public AccessList Deny(long principalId, string right) => With(principalId, right, RightValue.Denied);

    /// <summary>Back to not specified; the same list where it is that already.</summary>
    public AccessList Revoke(long principalId, string right) => Of(_entries.Remove((principalId, right)));

    /// <summary>Every right of the principal back to not specified.</summary>
    public AccessList RevokeAll(long principalId) => Of(_entries.RemoveRange(_entries.Keys.Where(k => k.PrincipalId == principalId)));

    public AccessList WithInheritance(bool fromFolder, bool fromGroups) => new(_entries, fromFolder, fromGroups);

    /// <summary>A name has 1 to 64 ASCII letters and digits.</summary>
    public static bool IsRightName(ReadOnlySpan<char> name)
        => name.Length is > 0 and <= MaxRightLength && !name.ContainsAnyExcept(AccessListReader.NameChars);

    private AccessList With(long principalId, string right, RightValue value)
    {
        if (principalId <= 0 || !IsRightName(right))
        {
            throw new LoggerCmsException(
                ErrorCodes.InvalidObject, $"Principal {principalId} and right '{right}' make no entry of an access list.",
                "Name a user or group that exists and a right of 1 to 64 ASCII letters and digits.");
        }

        var entries = _entries.SetItem((principalId, right), value);
        if (entries.Count > MaxEntries)
        {
            throw new LoggerCmsException(
                ErrorCodes.LimitExceeded, $"An access list holds at most {MaxEntries} entries.",
                "Give the right to a group, and make the principals its members.");
        }

        return Of(entries);
    }

    private AccessList Of(ImmutableSortedDictionary<(long PrincipalId, string Right), RightValue> entries)
        => ReferenceEquals(entries, _entries) ? this : new AccessList(entries, InheritFromFolder, InheritFromGroups);

    private sealed class EntryOrder : IComparer<(long PrincipalId, string Right)>
    {
        public static EntryOrder Instance { get; } = new();

        public int Compare((long PrincipalId, string Right) left, (long PrincipalId, string Right) right)
            => left.PrincipalId != right.PrincipalId
                ? left.PrincipalId.CompareTo(right.PrincipalId)
                : string.CompareOrdinal(left.Right, right.Right);
    }
}
