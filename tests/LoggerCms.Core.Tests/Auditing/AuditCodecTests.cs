using System.Text;
using LoggerCms.Core.Auditing;

namespace LoggerCms.Core.Tests.Auditing;

public sealed class AuditCodecTests
{
    [Fact]
    public void The_bytes_are_those_that_the_form_says()
    {
        var told = Event("Zoë 𝄞", new string('p', 300));
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, Encoding.UTF8))
        {
            writer.Write(told.Id.ToByteArray(bigEndian: true));
            writer.Write(told.TimeUs);
            writer.Write(told.PrincipalId);
            writer.Write(told.ObjectId);
            writer.Write((byte)told.Result);
            foreach (var text in new[] { told.Source, told.PrincipalName, told.Action, told.ObjectName, told.ObjectKind, told.Path, told.Detail, told.ClientAddress })
                writer.Write(text);
        }

        Assert.Equal(stream.ToArray(), AuditCodec.Encode(told));
    }

    [Fact]
    public void Each_event_comes_back_whatever_the_one_before_it_was()
    {
        AuditEvent[] events = [Event("a", "/x"), Event("a", "/x"), Event("é", "/X"), Event("é", "/y"), Event("", ""), Event("\uFFFD", "/x")];
        AuditEvent? before = null;
        foreach (var told in events)
        {
            var read = AuditCodec.Decode(AuditCodec.Encode(told), before);
            Assert.Equal(told, read);
            before = read;
        }
    }

    [Fact]
    public void What_no_database_holds_is_replaced()
        => Assert.Equal("a\uFFFDb\uFFFD", AuditCodec.Decode(AuditCodec.Encode(Event("a\0b\uD800", "")), null).ObjectName);

    [Fact]
    public void One_that_is_too_long_is_refused()
        => Assert.Equal(ErrorCodes.LimitExceeded, Assert.Throws<LoggerCmsException>(() => AuditCodec.Encode(Event("a", new string('ä', AuditCodec.MaxBytes / 2)))).Code);

    private static AuditEvent Event(string name, string path) => new()
    {
        Id = Guid.Parse("01234567-89ab-cdef-0123-456789abcdef"),
        TimeUs = 1_700_000_000_000_000,
        Source = "node",
        PrincipalId = 12,
        PrincipalName = "Administrator",
        Action = "Update",
        ObjectId = long.MaxValue,
        ObjectName = name,
        ObjectKind = "Pdf",
        Path = path,
        Result = AuditResult.Failed,
        ClientAddress = "::1",
    };
}
