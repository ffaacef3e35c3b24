using System.Buffers.Binary;
using LoggerCms.Databases.Sqlite;

namespace LoggerCms.Databases.Tests.Sqlite;

/// <summary>The rollback journal that a killed commit left, beside the file that it belongs to and beside others.</summary>
public sealed class SqliteJournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("loggercms-journal-").FullName;

    private string Database => Path.Combine(_folder, "o'ne.db");

    private string Journal => SqliteJournal.PathOf(Database);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(0)] // killed before page 1 was written
    [InlineData(1)] // and after it
    public void One_of_the_file_is_rolled_back(int commitsSince)
    {
        var (states, journals) = States(3);
        Put(states[1 + commitsSince], journals[1]);
        Assert.Equal(1, Value());
        Assert.False(File.Exists(Journal));
    }

    [Theory]
    [InlineData(0, 2)] // a backup put back
    [InlineData(3, 1)] // a journal that was left from before
    public void One_of_another_state_is_refused_and_nothing_touched(int state, int journal)
    {
        var (states, journals) = States(4);
        Put(states[state], journals[journal]);
        var failure = Assert.Throws<LoggerCmsException>(() => Value());
        Assert.Equal((ErrorCodes.DatabaseDamaged, true), (failure.Code, failure.Message.Contains(Journal, StringComparison.Ordinal)));
        Assert.Equal(states[state], File.ReadAllBytes(Database));
        Assert.Equal(journals[journal], File.ReadAllBytes(Journal));

        File.Move(Journal, Journal + ".old");
        Assert.Equal(state, Value());
    }

    [Fact]
    public void One_with_other_pages_before_the_first_is_found_and_a_torn_one_tells_nothing()
    {
        var (states, journals) = States(3);
        Put(states[0], journals[2][..900]);
        Value();
        Put(states[0], TwoSegments(states[0], journals[2]));
        Assert.Equal(ErrorCodes.DatabaseDamaged, Assert.Throws<LoggerCmsException>(() => Value()).Code);
    }

    private void Put(byte[] database, byte[] journal)
    {
        File.WriteAllBytes(Database, database);
        File.WriteAllBytes(Journal, journal);
    }

    private long Value()
    {
        using var db = SqliteDb.Open(Database, "A", write: false);
        using var read = db.Prepare("SELECT v FROM t");
        Assert.True(read.Step());
        return read.Int64(0);
    }

    // The file after each commit, and the journal of the commit after it.
    private (List<byte[]> States, List<byte[]> Journals) States(int count)
    {
        File.WriteAllBytes(Database, []);
        using (var db = SqliteDb.Open(Database, "A", write: true))
            db.Execute("CREATE TABLE t (v INTEGER); INSERT INTO t VALUES (0); CREATE TABLE other (v BLOB); INSERT INTO other VALUES (zeroblob(20000))");
        List<byte[]> states = [];
        for (var i = 0; i < count; i++)
        {
            using (var db = SqliteDb.Open(Database, "A", write: true))
                db.Execute($"UPDATE t SET v = {i}");
            states.Add(File.ReadAllBytes(Database));
        }

        return (states, [.. states.Select(s => Segment(s, [1, 2]))]);
    }

    private static byte[] TwoSegments(byte[] state, byte[] last)
    {
        var first = Segment(state, [2, 3, 4]);
        Array.Resize(ref first, (first.Length + 511) / 512 * 512);
        return [.. first, .. last];
    }

    private static byte[] Segment(byte[] state, uint[] pages)
    {
        var pageSize = BinaryPrimitives.ReadUInt16BigEndian(state.AsSpan(16));
        var segment = new byte[512 + (pages.Length * (pageSize + 8))];
        byte[] magic = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
        magic.CopyTo(segment, 0);
        uint[] head = [(uint)pages.Length, 77, (uint)(state.Length / pageSize), 512, pageSize];
        for (var i = 0; i < head.Length; i++)
            BinaryPrimitives.WriteUInt32BigEndian(segment.AsSpan(8 + (i * 4)), head[i]);
        for (var i = 0; i < pages.Length; i++)
        {
            var at = segment.AsSpan(512 + (i * (pageSize + 8)));
            var page = state.AsSpan((int)(pages[i] - 1) * pageSize, pageSize);
            BinaryPrimitives.WriteUInt32BigEndian(at, pages[i]);
            page.CopyTo(at[4..]);
            var sum = 77u;
            for (var j = pageSize - 200; j > 0; j -= 200)
                sum += page[j];
            BinaryPrimitives.WriteUInt32BigEndian(at[(4 + pageSize)..], sum);
        }

        return segment;
    }
}
