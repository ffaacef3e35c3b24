using System.Buffers.Binary;
using System.Text;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// A <see cref="ChangeRecord"/> as the payload of a delta file's record; described in ARCHITECTURE.md. The delta file protects it by a checksum,
/// so bytes that do not make sense here were written by something else and are <c>DeltaDamaged</c>.
/// </summary>
internal static class ChangeRecordCodec
{
    private const byte Version = 2;
    private const byte VersionWithoutFingerprint = 1;
    private const byte Put = 1;
    private const byte Remove = 2;
    private const byte PutLocal = 3;
    private const byte RemoveLocal = 4;

    /// <summary>Writes the record into a buffer that grows; returns the bytes that were written.</summary>
    public static ReadOnlySpan<byte> Encode(ChangeRecord record, ref byte[] buffer)
    {
        var writer = new Writer(buffer);
        writer.Byte(Version);
        writer.Int64(record.Epoch);
        writer.Int64(record.TimeUs);
        writer.Int64(record.PrincipalId);
        writer.Guid(record.RequestId);
        writer.Int64(record.Fingerprint);
        writer.Text(record.ClientAddress);
        writer.Int32(record.Changes.Length);
        foreach (var change in record.Changes)
            Write(ref writer, change);
        buffer = writer.Buffer;
        return buffer.AsSpan(0, writer.Length);
    }

    /// <exception cref="LoggerCmsException">DeltaDamaged, or FormatNotSupported for another version.</exception>
    public static ChangeRecord Decode(ReadOnlySpan<byte> bytes)
    {
        var reader = new Reader(bytes);
        var version = reader.Byte();
        if (version is not (Version or VersionWithoutFingerprint))
        {
            throw new LoggerCmsException(
                ErrorCodes.FormatNotSupported,
                $"The change record has version {version}; this release reads versions {VersionWithoutFingerprint} and {Version}.",
                "Use the release that wrote the delta file.");
        }

        var (epoch, time, principal, request) = (reader.Int64(), reader.Int64(), reader.Int64(), reader.Guid());
        var fingerprint = version == VersionWithoutFingerprint ? 0 : reader.Int64();
        var address = reader.Text();
        var count = reader.Count(least: 9);
        var changes = new Change[count];
        for (var i = 0; i < count; i++)
            changes[i] = Read(ref reader);
        if (count == 0 || !reader.AtEnd)
            throw Damaged();
        return new ChangeRecord
        {
            Epoch = epoch,
            TimeUs = time,
            PrincipalId = principal,
            RequestId = request,
            Fingerprint = fingerprint,
            ClientAddress = address,
            Changes = changes,
        };
    }

    private static void Write(ref Writer writer, Change change)
    {
        switch (change)
        {
            case PutChange put:
                writer.Byte(Put);
                writer.Int64(put.UpdateKey);
                writer.Int64(put.BeforeKey);
                Write(ref writer, put.Object);
                break;
            case RemoveChange remove:
                writer.Byte(Remove);
                writer.Int64(remove.UpdateKey);
                writer.Int64(remove.BeforeKey);
                writer.Int64(remove.Id);
                writer.Text(remove.Kind);
                writer.Text(remove.Name);
                break;
            case PutLocalChange local:
                writer.Byte(PutLocal);
                writer.Int64(local.UpdateKey);
                writer.Byte((byte)local.Entry.Key.Class);
                writer.Guid(local.Entry.Key.Id);
                writer.Int64(local.Entry.ExpiresUs);
                writer.Bytes(local.Entry.Content);
                break;
            case RemoveLocalChange local:
                writer.Byte(RemoveLocal);
                writer.Int64(local.UpdateKey);
                writer.Byte((byte)local.Key.Class);
                writer.Guid(local.Key.Id);
                break;
            default:
                throw new InvalidOperationException($"A {change.GetType().Name} has no form.");
        }
    }

    private static Change Read(ref Reader reader)
    {
        var type = reader.Byte();
        var key = reader.Int64();
        return type switch
        {
            Put => new PutChange { UpdateKey = key, BeforeKey = reader.Int64(), Object = ReadObject(ref reader, key) },
            Remove => new RemoveChange
            {
                UpdateKey = key,
                BeforeKey = reader.Int64(),
                Id = reader.Int64(),
                Kind = reader.Text(),
                Name = reader.Text(),
            },
            PutLocal => new PutLocalChange
            {
                UpdateKey = key,
                Entry = new LocalEntry(new LocalKey((LocalClass)reader.Byte(), reader.Guid()), reader.Int64(), reader.Bytes()),
            },
            RemoveLocal => new RemoveLocalChange { UpdateKey = key, Key = new LocalKey((LocalClass)reader.Byte(), reader.Guid()) },
            _ => throw Damaged(),
        };
    }

    private static void Write(ref Writer writer, CmsObject value)
    {
        writer.Int64(value.Id);
        writer.Int64(value.ParentId);
        writer.Int64(value.OwnerId);
        writer.Int32(value.Version);
        writer.Int64(value.CreatedUs);
        writer.Int64(value.ModifiedUs);
        writer.Text(value.Cuid);
        writer.Text(value.Kind);
        writer.Text(value.Name);
        writer.Bytes(value.AccessList);
        writer.Bytes(value.Properties);
    }

    private static CmsObject ReadObject(ref Reader reader, long updateKey) => new()
    {
        UpdateKey = updateKey,
        Id = reader.Int64(),
        ParentId = reader.Int64(),
        OwnerId = reader.Int64(),
        Version = reader.Int32(),
        CreatedUs = reader.Int64(),
        ModifiedUs = reader.Int64(),
        Cuid = reader.Text(),
        Kind = ObjectKinds.Intern(reader.Text()),
        Name = reader.Text(),
        AccessList = reader.Bytes(),
        Properties = reader.Bytes(),
    };

    private static LoggerCmsException Damaged() => new(
        ErrorCodes.DeltaDamaged,
        "A record of the delta file has a right checksum but is no change record.",
        "Set the file aside with Invoke-DeltaReconcile and look at it with Get-DeltaFile.");

    private ref struct Writer(byte[] buffer)
    {
        public byte[] Buffer = buffer;
        public int Length;

        public void Byte(byte value) => Room(1)[0] = value;

        public void Int32(int value) => BinaryPrimitives.WriteInt32LittleEndian(Room(4), value);

        public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Room(8), value);

        public void Guid(Guid value) => value.TryWriteBytes(Room(16));

        public void Bytes(ReadOnlySpan<byte> value)
        {
            Int32(value.Length);
            value.CopyTo(Room(value.Length));
        }

        public void Text(string value)
        {
            var length = Encoding.UTF8.GetByteCount(value);
            Int32(length);
            Encoding.UTF8.GetBytes(value, Room(length));
        }

        private Span<byte> Room(int size)
        {
            if (Buffer.Length - Length < size)
                Array.Resize(ref Buffer, Math.Max(Buffer.Length * 2, Length + size));
            var room = Buffer.AsSpan(Length, size);
            Length += size;
            return room;
        }
    }

    private ref struct Reader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        public readonly bool AtEnd => _rest.IsEmpty;

        public byte Byte() => Take(1)[0];

        public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

        public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

        public Guid Guid() => new(Take(16));

        public byte[] Bytes() => Count(least: 1) is var length && length == 0 ? [] : Take(length).ToArray();

        public string Text() => Encoding.UTF8.GetString(Take(Count(least: 1)));

        /// <summary>A count that the rest can hold, so that no damage asks for more memory than there are bytes.</summary>
        public int Count(int least)
        {
            var count = Int32();
            return count >= 0 && count <= _rest.Length / least ? count : throw Damaged();
        }

        private ReadOnlySpan<byte> Take(int size)
        {
            if (_rest.Length < size)
                throw Damaged();
            var taken = _rest[..size];
            _rest = _rest[size..];
            return taken;
        }
    }
}
