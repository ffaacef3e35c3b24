using System.Numerics;
using LoggerCms.Databases.PostgreSql;

namespace LoggerCms.Databases.Tests.PostgreSql;

public sealed class PostgreSqlNumericTests(ITestOutputHelper output)
{
    [Fact]
    public void Any_canonical_decimal_comes_back_from_its_binary_form_digit_by_digit()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 20_000; i++)
        {
            var scale = random.Next(3) == 0 ? 0 : random.Next(40);
            var whole = random.Next(3) == 0 ? "0" : (BigInteger.Pow(10, random.Next(30)) + random.Next()).ToString(System.Globalization.CultureInfo.InvariantCulture);
            var fraction = string.Concat(Enumerable.Range(0, scale).Select(_ => random.Next(2) == 0 ? '0' : (char)('0' + random.Next(10))));
            var digits = scale == 0 ? whole : whole + "." + fraction;
            if (random.Next(2) == 0 && digits.AsSpan().ContainsAnyExcept('0', '.'))
                digits = "-" + digits;
            Assert.Equal(digits, RoundTrip(digits));
        }
    }

    [Theory]
    [InlineData("0")]
    [InlineData("0.0000")]
    [InlineData("-0.0001")]
    [InlineData("10000")]
    [InlineData("100000000.00000001")]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("-Infinity")]
    public void Its_edges_do_too(string digits) => Assert.Equal(digits, RoundTrip(digits));

    private static string RoundTrip(string digits)
    {
        var field = new byte[digits.Length + 64];
        Assert.True(PgNumeric.TryEncode(System.Text.Encoding.ASCII.GetBytes(digits), field, out var written));
        using var batch = new RowBatch();
        PgNumeric.Append(batch, field.AsSpan(0, written));
        batch.EndRow();
        var reader = new CanonicalReader(batch[0]);
        Assert.True(reader.Read());
        return System.Text.Encoding.ASCII.GetString(reader.Payload);
    }
}
