using LoggerCms.Core.Security;

namespace LoggerCms.Core.Tests.Security;

public sealed class AccessListTests
{
    [Fact]
    public void AListThatInheritsAndHasNoEntryIsNoBytes()
    {
        Assert.Empty(AccessList.Empty.Encode());
        Assert.Empty(AccessList.Empty.Grant(5, "View").Revoke(5, "View").Encode());
        Assert.NotEmpty(AccessList.Empty.WithInheritance(fromFolder: false, fromGroups: true).Encode());
    }

    [Fact]
    public void WhatIsWrittenIsReadBack()
        => SeededRounds.Run(500, random =>
        {
            var list = Random(random);
            var read = AccessList.Decode(list.Encode());
            Assert.Equal(list.Entries, read.Entries);
            Assert.Equal((list.InheritFromFolder, list.InheritFromGroups), (read.InheritFromFolder, read.InheritFromGroups));
        });

    [Fact]
    public void TheFormIsFixed()
        => Assert.Equal(
            "01" + "02" + "02" + "05" + "01" + "02" + "04" + "56696577" + "AC02" + "01" + "01" + "03" + "416464",
            Convert.ToHexString(AccessList.Empty.Grant(300, "Add").Deny(5, "View").WithInheritance(true, false).Encode()));

    [Fact]
    public void GrantDenyAndRevokeReplaceEachOther()
    {
        var list = AccessList.Empty.Grant(5, "View");
        var denied = list.Deny(5, "View");
        Assert.Equal(RightValue.Granted, list.Find(5, "View"));
        Assert.Equal(RightValue.Denied, denied.Find(5, "View"));
        Assert.Null(denied.Revoke(5, "View").Find(5, "View"));
        Assert.Equal(0, denied.Grant(5, "Add").RevokeAll(5).Count);
        Assert.Same(list, list.Revoke(6, "View"));
    }

    [Fact]
    public void AnyBytesAreReadOrRefusedAsATypedError()
        => SeededRounds.Run(5_000, random =>
        {
            var bytes = Random(random).Encode();
            if (random.Next(4) == 0)
            {
                bytes = new byte[random.Next(1, 40)];
                random.NextBytes(bytes);
            }

            for (var i = random.Next(1, 4); i > 0 && bytes.Length > 0; i--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            if (random.Next(3) == 0)
                bytes = bytes[..random.Next(bytes.Length)];
            try
            {
                // One list, one form: what is read is written the same.
                Assert.Equal(bytes, AccessList.Decode(bytes).Encode());
            }
            catch (LoggerCmsException exception)
            {
                Assert.Contains(exception.Code, new[] { ErrorCodes.InvalidObject, ErrorCodes.FormatNotSupported });
            }
        });

    [Fact]
    public void ALaterFormatIsToldFromDamage()
    {
        var bytes = AccessList.Empty.Grant(5, "View").Encode();
        bytes[0] = 2;
        Assert.Equal(ErrorCodes.FormatNotSupported, Assert.Throws<LoggerCmsException>(() => AccessList.Decode(bytes)).Code);
    }

    [Theory]
    [InlineData(0, "View")]
    [InlineData(-1, "View")]
    [InlineData(5, "")]
    [InlineData(5, "Vi ew")]
    [InlineData(5, "Ansehen\u00fc")]
    public void AnEntryWithoutPrincipalOrNameIsRefused(long principal, string right)
        => Assert.Equal(ErrorCodes.InvalidObject, Assert.Throws<LoggerCmsException>(() => AccessList.Empty.Grant(principal, right)).Code);

    [Fact]
    public void AListIsBounded()
    {
        var full = Enumerable.Range(1, AccessList.MaxEntries).Aggregate(AccessList.Empty, (list, id) => list.Grant(id, "View"));
        Assert.Equal(AccessList.MaxEntries, AccessList.Decode(full.Encode()).Count);
        Assert.Equal(ErrorCodes.LimitExceeded, Assert.Throws<LoggerCmsException>(() => full.Grant(9999, "View")).Code);
    }

    private static AccessList Random(Random random)
    {
        var list = AccessList.Empty.WithInheritance(random.Next(2) == 0, random.Next(2) == 0);
        for (var i = random.Next(12); i > 0; i--)
        {
            var principal = random.NextInt64(1, random.Next(2) == 0 ? 20 : long.MaxValue);
            var right = new string((char)random.Next('A', 'Z' + 1), random.Next(1, 65));
            list = random.Next(2) == 0 ? list.Grant(principal, right) : list.Deny(principal, right);
        }

        return list;
    }
}
