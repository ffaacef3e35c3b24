using System.Buffers.Binary;
using System.Text;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Databases.PostgreSql;

/// <summary>Objects out of the stream of a binary COPY that selects <see cref="SystemTables.ObjectColumns"/>.</summary>
internal sealed class PgObjectCopy
{
    /// <summary>"PGCOPY\n\377\r\n\0", a word of flags and the length of an extension that does not exist yet.</summary>
    private const int HeaderBytes = 19;

    private const int Columns = 12;

    private readonly Dictionary<string, string> _kinds = new(StringComparer.Ordinal);
    private byte[] _buffer = new byte[256 * 1024];
    private int _start;
    private int _end;

    public async Task ReadAsync(Stream stream, Action<CmsObject> onObject, CancellationToken cancellationToken)
    {
        _start = _end = 0;
        await NeedAsync(stream, HeaderBytes, cancellationToken).ConfigureAwait(false);
        _start += HeaderBytes;
        while (true)
        {
            await NeedAsync(stream, sizeof(short), cancellationToken).ConfigureAwait(false);
            if (BinaryPrimitives.ReadInt16BigEndian(_buffer.AsSpan(_start)) < 0)
                break;
            int length;
            while ((length = RowLength(out var needed)) < 0)
                await NeedAsync(stream, needed, cancellationToken).ConfigureAwait(false);
            onObject(Parse(_buffer.AsSpan(_start, length)));
            _start += length;
        }

        // After the end mark comes the command's completion; an error can still come instead.
        while (await stream.ReadAsync(_buffer, cancellationToken).ConfigureAwait(false) > 0)
        {
        }
    }

    /// <summary>The bytes of the row at the start; negative where <paramref name="needed"/> bytes must be there to tell.</summary>
    private int RowLength(out int needed)
    {
        var data = _buffer.AsSpan(_start, _end - _start);
        var at = sizeof(short);
        for (var i = 0; i < Columns; i++)
        {
            needed = at + sizeof(int);
            if (data.Length < needed)
                return -1;
            at += sizeof(int) + Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(data[at..]));
        }

        needed = at;
        return data.Length < at ? -1 : at;
    }

    private CmsObject Parse(ReadOnlySpan<byte> row)
    {
        var at = sizeof(short);
        return new CmsObject
        {
            Id = Long(row, ref at),
            Cuid = Text(row, ref at),
            Kind = Kind(row, ref at),
            ParentId = Long(row, ref at),
            Name = Text(row, ref at),
            OwnerId = Long(row, ref at),
            Version = BinaryPrimitives.ReadInt32BigEndian(Field(row, ref at)),
            UpdateKey = Long(row, ref at),
            CreatedUs = Long(row, ref at),
            ModifiedUs = Long(row, ref at),
            AccessList = Bytes(row, ref at),
            Properties = Bytes(row, ref at),
        };
    }

    private static ReadOnlySpan<byte> Field(ReadOnlySpan<byte> row, ref int at)
    {
        var length = Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(row[at..]));
        var field = row.Slice(at + sizeof(int), length);
        at += sizeof(int) + length;
        return field;
    }

    private static long Long(ReadOnlySpan<byte> row, ref int at) => BinaryPrimitives.ReadInt64BigEndian(Field(row, ref at));

    private static string Text(ReadOnlySpan<byte> row, ref int at) => Encoding.UTF8.GetString(Field(row, ref at));

    private static byte[] Bytes(ReadOnlySpan<byte> row, ref int at) => Field(row, ref at) is { IsEmpty: false } field ? field.ToArray() : [];

    /// <summary>The one instance of a kind's name that all readers, and the constants of <see cref="ObjectKinds"/>, share.</summary>
    private string Kind(ReadOnlySpan<byte> row, ref int at)
    {
        var utf8 = Field(row, ref at);
        if (utf8.Length > 256)
            return ObjectKinds.Intern(Encoding.UTF8.GetString(utf8));
        Span<char> chars = stackalloc char[utf8.Length];
        var name = chars[..Encoding.UTF8.GetChars(utf8, chars)];
        var known = _kinds.GetAlternateLookup<ReadOnlySpan<char>>();
        if (known.TryGetValue(name, out var kind))
            return kind;
        kind = ObjectKinds.Intern(name.ToString());
        _kinds.Add(kind, kind);
        return kind;
    }

    /// <summary>Reads until that many bytes are there.</summary>
    private async ValueTask NeedAsync(Stream stream, int needed, CancellationToken cancellationToken)
    {
        if (_end - _start >= needed)
            return;
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (needed > _buffer.Length)
            Array.Resize(ref _buffer, needed + (needed / 2));
        while (_end < needed)
        {
            var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken).ConfigureAwait(false);
            if (read == 0)
                throw new IOException("The server ended the rows before their end mark.");
            _end += read;
        }
    }
}
