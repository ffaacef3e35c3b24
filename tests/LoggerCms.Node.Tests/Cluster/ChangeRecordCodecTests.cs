using FsCheck;
using FsCheck.Fluent;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Node.Tests.Cluster;

public sealed class ChangeRecordCodecTests
{
    [Fact]
    public void Every_record_is_the_same_when_it_was_written_and_read() => Prop.ForAll<int>(seed =>
    {
        var record = Make(new System.Random(seed));
        var buffer = Array.Empty<byte>();
        var bytes = ChangeRecordCodec.Encode(record, ref buffer).ToArray();
        Assert.Equal(Tell(record), Tell(ChangeRecordCodec.Decode(bytes)));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Whatever_the_bytes_are_they_are_a_record_or_a_typed_failure() => Prop.ForAll<int>(seed =>
    {
        var random = new System.Random(seed);
        var buffer = Array.Empty<byte>();
        var bytes = ChangeRecordCodec.Encode(Make(random), ref buffer).ToArray();
        for (var i = 0; i < 50; i++)
            Decode(Damage(random, bytes));
        var noise = new byte[random.Next(200)];
        random.NextBytes(noise);
        Decode(noise);
        if (noise.Length > 0)
        {
            noise[0] = 1;
            Decode(noise);
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_record_that_was_cut_anywhere_is_a_typed_failure()
    {
        var buffer = Array.Empty<byte>();
        var bytes = ChangeRecordCodec.Encode(Make(new System.Random(5)), ref buffer).ToArray();
        for (var length = 0; length < bytes.Length; length++)
            Assert.Equal(ErrorCodes.DeltaDamaged, Assert.Throws<LoggerCmsException>(() => ChangeRecordCodec.Decode(bytes.AsSpan(0, length))).Code);
        Assert.Equal(ErrorCodes.DeltaDamaged, Assert.Throws<LoggerCmsException>(() => ChangeRecordCodec.Decode([.. bytes, 0])).Code);
    }

    private static void Decode(byte[] bytes)
    {
        try
        {
            Assert.NotEmpty(ChangeRecordCodec.Decode(bytes).Changes);
        }
        catch (LoggerCmsException exception)
        {
            Assert.Contains(exception.Code, new[] { ErrorCodes.DeltaDamaged, ErrorCodes.FormatNotSupported });
        }
    }

    private static byte[] Damage(System.Random random, byte[] bytes)
    {
        byte[] damaged = [.. bytes];
        for (var i = random.Next(1, 5); i > 0; i--)
            damaged[random.Next(damaged.Length)] = random.Next(3) switch { 0 => 0xFF, 1 => 0, _ => (byte)random.Next(256) };
        return random.Next(4) == 0 ? damaged[..random.Next(damaged.Length)] : damaged;
    }

    private static ChangeRecord Make(System.Random random)
    {
        var key = random.NextInt64(1, 1L << 40);
        return new ChangeRecord
        {
            Epoch = random.NextInt64(),
            TimeUs = random.NextInt64(),
            PrincipalId = random.NextInt64(),
            ClientAddress = Text(random),
            RequestId = random.Next(2) == 0 ? Guid.Empty : Guid.NewGuid(),
            Changes = [.. Enumerable.Range(0, random.Next(1, 6)).Select(i => Change(random, key + i))],
        };
    }

    private static Change Change(System.Random random, long key) => random.Next(4) switch
    {
        0 => new RemoveChange { UpdateKey = key, BeforeKey = random.NextInt64(), Id = random.NextInt64(), Kind = Text(random), Name = Text(random) },
        1 => new PutLocalChange { UpdateKey = key, Entry = new LocalEntry(Key(random), random.NextInt64(), Bytes(random)) },
        2 => new RemoveLocalChange { UpdateKey = key, Key = Key(random) },
        _ => new PutChange
        {
            UpdateKey = key,
            BeforeKey = random.NextInt64(),
            Object = new CmsObject
            {
                Id = random.NextInt64(),
                Cuid = Text(random),
                Kind = Text(random),
                ParentId = random.NextInt64(),
                Name = Text(random),
                OwnerId = random.NextInt64(),
                Version = random.Next(),
                UpdateKey = key,
                CreatedUs = random.NextInt64(),
                ModifiedUs = random.NextInt64(),
                Properties = Bytes(random),
                AccessList = Bytes(random),
            },
        },
    };

    private static LocalKey Key(System.Random random) => new(random.Next(2) == 0 ? LocalClass.Token : LocalClass.Request, Guid.NewGuid());

    private static byte[] Bytes(System.Random random)
    {
        var bytes = new byte[random.Next(3) == 0 ? 0 : random.Next(300)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string Text(System.Random random)
        => string.Concat(Enumerable.Range(0, random.Next(20)).Select(_ => random.Next(5) switch { 0 => "é", 1 => "😀", 2 => "\0", _ => "a" }));

    private static string Tell(ChangeRecord record) => $"{record.Epoch} {record.TimeUs} {record.PrincipalId} {record.ClientAddress} {record.RequestId} "
        + string.Join('|', record.Changes.Select(change => change switch
        {
            PutChange put => $"put {put.BeforeKey} {Support.NodeFixture.Tell(put.Object)}",
            PutLocalChange local => $"local {local.UpdateKey} {local.Entry.Key} {local.Entry.ExpiresUs} {Convert.ToHexString(local.Entry.Content)}",
            _ => change.ToString(),
        }));
}
