using System.Text;
using LoggerCms.Databases.SqlServer;

namespace LoggerCms.Databases.Tests.SqlServer;

/// <summary>What needs no server: text forms, names and addresses.</summary>
public sealed class SqlServerTextTests
{
    [Fact]
    public void Any_sequence_of_UTF_16_units_survives_the_canonical_form()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 0; round < 2000; round++)
        {
            var units = new char[random.Next(12)];
            for (var i = 0; i < units.Length; i++)
            {
                units[i] = (char)(random.Next(3) switch
                {
                    0 => random.Next(0xD800, 0xE000),
                    1 => random.Next(0x80),
                    _ => random.Next(0x10000),
                });
            }

            var text = new string(units);
            var bytes = new byte[Wtf8.MaxBytes(units.Length)];
            var length = Wtf8.Encode(text, bytes);
            Assert.True(text == Wtf8.Decode(bytes.AsSpan(0, length)), $"seed {seed}, round {round}: {Convert.ToHexString(bytes, 0, length)}");
        }
    }

    [Fact]
    public void Text_that_is_whole_is_plain_UTF_8()
    {
        const string Text = "a\0é€😀";
        var bytes = new byte[Wtf8.MaxBytes(Text.Length)];
        var length = Wtf8.Encode(Text, bytes);
        Assert.Equal(Encoding.UTF8.GetBytes(Text), bytes[..length]);
        Assert.Equal("\uD800", Wtf8.Decode([0xED, 0xA0, 0x80]));
        Assert.Null(Wtf8.Decode([0xFF]));
    }

    [Theory]
    [InlineData("i5,o1", "i5,o1")]
    [InlineData("u", "t")]
    [InlineData("u6100e900", "t61c3a9")]
    [InlineData("i-1,u3dd800de,b00ff", "i-1,tf09f9880,b00ff")]
    [InlineData("u00d8,n", "teda080,n")]
    public void Keys_that_a_trigger_wrote_as_UTF_16_are_read_as_log_keys(string written, string read)
        => Assert.Equal(read, SqlServerLogKey.Normalize(written));

    [Theory]
    [InlineData("{bbf_original_name=Id}", "Id")]
    [InlineData("{\"bbf_original_name=A b\"}", "A b")]
    [InlineData("{\"bbf_original_name=q\\\"b\\\\s\",\"bbf_rel_create_date=2026-11-22 03:52:17.064\"}", "q\"b\\s")]
    [InlineData("{other=1}", null)]
    [InlineData("", null)]
    public void Original_names_are_found_in_the_options_that_Babelfish_keeps(string options, string? name)
        => Assert.Equal(name, BabelfishNames.Option(options, "bbf_original_name="));

    [Theory]
    [InlineData("Server=127.0.0.1,1433")]
    [InlineData("Database=a")]
    [InlineData("Server=x;Database=a;Surprise=1")]
    [InlineData("Server=x;Database=a;Encrypt=perhaps")]
    public async Task A_connection_string_that_names_too_little_or_is_not_understood_is_a_typed_failure(string text)
    {
        var connection = new SideConnection(SideProvider.SqlServer, text + ";Password=s3cr3t");
        var failure = await Assert.ThrowsAsync<LoggerCmsException>(
            () => new SqlServerSideDriver().OpenAsync(connection, TestContext.Current.CancellationToken));
        Assert.Equal(ErrorCodes.InvalidConnection, failure.Code);
        Assert.DoesNotContain("s3cr3t", failure.ToString(), StringComparison.Ordinal);
    }
}
