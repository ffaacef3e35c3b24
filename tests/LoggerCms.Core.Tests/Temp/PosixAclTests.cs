using LoggerCms.Core.Temp;
using LoggerCms.Core.Temp.Linux;

namespace LoggerCms.Core.Tests.Temp;

/// <summary>The rules of POSIX.1e, and that a grant never gives anybody else more.</summary>
public sealed class PosixAclTests
{
    private const uint NoId = uint.MaxValue;
    private static readonly uint[] s_ids = [1, 2, 3, 4];

    [Fact]
    public void The_first_entry_that_matches_decides_even_where_a_later_one_gives_more()
    {
        var acl = new PosixAcl(
        [
            new(AclTag.Owner, NoId, 0), new(AclTag.User, 2, 4), new(AclTag.OwningGroup, NoId, 7), new(AclTag.Group, 8, 3), new(AclTag.Mask, NoId, 7), new(AclTag.Other, NoId, 7),
        ]);

        Assert.False(acl.Decide(Account(1, 5), 1, 5, 4).Granted);
        Assert.False(acl.Decide(Account(2, 5), 1, 5, 2).Granted);
        Assert.True(acl.Decide(Account(3, 5), 1, 5, 7).Granted);
        Assert.False(acl.Decide(Account(3, 8), 1, 5, 7).Granted);
        Assert.True(acl.Decide(Account(3, 8), 1, 5, 3).Granted);
        Assert.True(acl.Decide(Account(3, 9), 1, 5, 7).Granted);
    }

    [Fact]
    public void Two_groups_do_not_add_up()
    {
        var acl = new PosixAcl(
        [
            new(AclTag.Owner, NoId, 7), new(AclTag.OwningGroup, NoId, 5), new(AclTag.Group, 8, 2), new(AclTag.Mask, NoId, 7), new(AclTag.Other, NoId, 7),
        ]);

        Assert.False(acl.Decide(Account(3, 5, 8), 1, 5, 7).Granted);
        Assert.True(acl.Decide(Account(3, 5, 8), 1, 5, 5).Granted);
        Assert.True(acl.Decide(Account(3, 5, 8), 1, 5, 2).Granted);
    }

    [Fact]
    public void A_list_reads_back_as_it_was_written_and_another_version_is_refused()
    {
        var random = new Random(7);
        for (var i = 0; i < 500; i++)
        {
            var acl = Any(random);
            var bytes = acl.ToBytes();
            Assert.Equal(acl.Entries, PosixAcl.FromBytes(bytes).Entries);
            bytes[0] = 3;
            Assert.Throws<FormatException>(() => PosixAcl.FromBytes(bytes));
            Assert.Throws<FormatException>(() => PosixAcl.FromBytes(bytes.AsSpan(0, bytes.Length - 1)));
        }
    }

    [Fact]
    public void A_grant_gives_the_account_what_it_lacked_and_nobody_else_anything()
    {
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        for (var i = 0; i < 1_000; i++)
        {
            var acl = Any(random);
            var rights = new FolderRights
            {
                Mode = acl.ToMode(),
                Owner = (uint)random.Next(1, 5),
                Group = (uint)random.Next(1, 5),
                Acl = acl.Mask is null ? null : Convert.ToHexStringLower(acl.ToBytes()),
            };
            var account = Account((uint)random.Next(1, 5), (uint)random.Next(1, 5));
            var wanted = random.Next(2) == 0 ? PosixAcl.All : PosixAcl.Execute;
            var full = random.Next(3) == 0;

            var after = full ? PosixGrant.ByOwnership(rights, account) : PosixGrant.ByEntry(rights, account, wanted);

            var now = PosixGrant.AclOf(after);
            var what = $"seed {seed}, round {i}: {acl} owner {rights.Owner} group {rights.Group}, for {account.Name} in {string.Join(',', account.Groups)}, became {now}";
            Assert.True(now.Decide(account, after.Owner, after.Group, full ? PosixAcl.All : wanted).Granted, what);
            Assert.Equal(after.Mode & 0x1ff, now.ToMode());
            foreach (var user in s_ids.Where(u => u != account.User))
            {
                foreach (var group in s_ids)
                {
                    for (var right = 1; right <= PosixAcl.All; right++)
                    {
                        var one = Account(user, group);
                        if (acl.Decide(one, rights.Owner, rights.Group, right).Granted != now.Decide(one, after.Owner, after.Group, right).Granted)
                            Assert.Fail($"{PosixAcl.Text(right)} of {user} in group {group} changed: {what}");
                    }
                }
            }
        }
    }

    [Fact]
    public void What_was_granted_is_found_granted_the_next_time()
    {
        var random = new Random(3);
        for (var i = 0; i < 2_000; i++)
        {
            var acl = Any(random);
            var rights = new FolderRights { Mode = acl.ToMode(), Owner = 1, Group = 1, Acl = acl.Mask is null ? null : Convert.ToHexStringLower(acl.ToBytes()) };
            var account = Account((uint)random.Next(1, 5), (uint)random.Next(1, 5));
            var once = PosixGrant.ByEntry(rights, account, PosixAcl.All);

            Assert.Equal(once, PosixGrant.ByEntry(once, account, PosixAcl.All));
        }
    }

    private static LinuxAccount Account(uint user, params uint[] groups) => new($"{user}", user, groups[0], new HashSet<uint>(groups), null);

    private static PosixAcl Any(Random random)
    {
        var entries = new List<AclEntry>
        {
            new(AclTag.Owner, NoId, random.Next(8)), new(AclTag.OwningGroup, NoId, random.Next(8)), new(AclTag.Other, NoId, random.Next(8)),
        };
        if (random.Next(3) == 0)
            return new PosixAcl(entries);
        entries.Add(new AclEntry(AclTag.Mask, NoId, random.Next(8)));
        foreach (var id in s_ids)
        {
            if (random.Next(2) == 0)
                entries.Add(new AclEntry(AclTag.User, id, random.Next(8)));
            if (random.Next(2) == 0)
                entries.Add(new AclEntry(AclTag.Group, id, random.Next(8)));
        }

        return new PosixAcl(entries);
    }
}
