using System.Buffers.Binary;

namespace LoggerCms.Databases.Sqlite;

/// <summary>
/// Whether the rollback journal beside a database is that of the file as it is. What a killed commit leaves SQLite rolls back at the next look, onto
/// whatever file has the name by then: one that was put back from a backup becomes a mixture of two states, and says that it has come as far as the newer.
/// </summary>
/// <remarks>
/// A commit journals page 1 and counts the file's change counter (https://sqlite.org/fileformat2.html#file_change_counter) up in it. So the file has the
/// counter that the journal has, or the next one where page 1 was written already. A live writer keeps that up too, so no lock is asked for. Where a
/// commit was killed before it came to page 1, nothing can be told.
/// </remarks>
internal static class SqliteJournal
{
    private const int HeaderBytes = 28;
    private const int CounterAt = 24;
    private const int LeastPage = 512;
    private const int LargestPage = 65_536;

    private static ReadOnlySpan<byte> Magic => [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

    public static string PathOf(string database) => database + "-journal";

    /// <summary>Before the connection looks at the file for the first time.</summary>
    /// <exception cref="LoggerCmsException">DatabaseDamaged: the journal is another state's. Nothing was touched.</exception>
    public static void Check(SqliteDb db)
    {
        var journal = PathOf(db.Path);
        if (!File.Exists(journal) || Counter(db) is not { } counter || JournaledCounter(journal) is not { } journaled)
            return;
        if (counter == journaled || counter == unchecked(journaled + 1) || Counter(db) != counter || !File.Exists(journal))
            return;
        throw new LoggerCmsException(
            ErrorCodes.DatabaseDamaged,
            $"'{journal}' is what a killed commit left of another state of '{db.Path}' (change counter {journaled}, and the file has {counter}). SQLite would roll it onto this file and mix the two; nothing was touched.",
            $"Put the file back that the journal belongs to. Where '{db.Path}' is what was put back, move the journal away: Move-Item '{journal}' '{journal}.old'",
            db.Side);
    }

    private static uint? Counter(SqliteDb db)
    {
        Span<byte> head = stackalloc byte[CounterAt + sizeof(uint)];
        return db.TryReadFile(0, head) && head.StartsWith("SQLite format 3\0"u8) ? BinaryPrimitives.ReadUInt32BigEndian(head[CounterAt..]) : null;
    }

    // Null where it holds no page 1 that a rollback would use.
    private static uint? JournaledCounter(string path)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            Span<byte> header = stackalloc byte[HeaderBytes];
            for (long at = 0; RandomAccess.Read(file, header, at) == HeaderBytes && header.StartsWith(Magic);)
            {
                var (records, nonce) = (Number(header, 8), Number(header, 12));
                var (sector, pageSize) = (Number(header, 20), Number(header, 24));
                if (at == 0 && (sector < HeaderBytes || sector > LargestPage || pageSize < LeastPage || pageSize > LargestPage))
                    return null;
                if (FindFirstPage(file, at + sector, records, (int)pageSize, nonce) is { } counter)
                    return counter;
                var end = at + sector + (records * (pageSize + 8L));
                at = (end + sector - 1) / sector * sector;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Its writer has done with it; or SQLite cannot read it either, and says so.
        }

        return null;
    }

    private static uint? FindFirstPage(Microsoft.Win32.SafeHandles.SafeFileHandle file, long at, uint records, int pageSize, uint nonce)
    {
        Span<byte> number = stackalloc byte[sizeof(uint)];
        for (uint i = 0; i < records; i++, at += pageSize + 8L)
        {
            if (RandomAccess.Read(file, number, at) < number.Length)
                return null;
            if (Number(number, 0) != 1)
                continue;
            var page = new byte[pageSize + sizeof(uint)];
            if (RandomAccess.Read(file, page, at + sizeof(uint)) < page.Length || Sum(page.AsSpan(0, pageSize), nonce) != Number(page, pageSize))
                return null;
            return Number(page, CounterAt);
        }

        return null;
    }

    // As SQLite sums a journaled page: every 200th byte from its end.
    private static uint Sum(ReadOnlySpan<byte> page, uint nonce)
    {
        for (var i = page.Length - 200; i > 0; i -= 200)
            nonce += page[i];
        return nonce;
    }

    private static uint Number(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]);
}
