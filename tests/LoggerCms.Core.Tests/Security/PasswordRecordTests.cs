using LoggerCms.Core.Security;

namespace LoggerCms.Core.Tests.Security;

public sealed class PasswordRecordTests
{
    private static readonly PasswordRecord Kept = PasswordRecord.Make("correct horse");

    [Fact]
    public void OnlyThePasswordIsThePassword()
    {
        var read = PasswordRecord.Decode(Kept.Encode());
        Assert.True(PasswordRecord.Verify(read, "correct horse"));
        Assert.False(PasswordRecord.Verify(read, "correct horsf"));
        Assert.False(PasswordRecord.Verify(read, string.Empty));
        Assert.False(PasswordRecord.Verify(read, new string('x', 5000)));
        Assert.False(read.IsOutdated);
    }

    [Fact]
    public void NobodysPasswordIsNeverRight()
        => Assert.False(PasswordRecord.Verify(null, "correct horse"));

    [Fact]
    public void TheSamePasswordIsKeptDifferently()
        => Assert.NotEqual(Kept.Encode(), PasswordRecord.Make("correct horse").Encode());

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(1025)]
    public void ALengthOutOfBoundsIsRefused(int length)
        => Assert.Equal(ErrorCodes.InvalidOption, Assert.Throws<LoggerCmsException>(() => PasswordRecord.Make(new string('x', length))).Code);

    [Fact]
    public void AnyBytesAreReadOrRefusedAndNeverCostMoreThanABoundedCheck()
        => SeededRounds.Run(5_000, random =>
        {
            var bytes = Kept.Encode();
            bytes[random.Next(5)] = (byte)random.Next(256);
            if (random.Next(3) == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            try
            {
                var iterations = BitConverter.ToInt32(PasswordRecord.Decode(bytes).Encode(), 1);
                Assert.InRange(iterations, 100_000, 10_000_000);
            }
            catch (LoggerCmsException exception)
            {
                Assert.Contains(exception.Code, new[] { ErrorCodes.DatabaseDamaged, ErrorCodes.FormatNotSupported });
            }
        });
}
