using LoggerCms.Core.RunTimeImage;
using LoggerCms.Core.Security;

namespace LoggerCms.Core.Tests.Security;

public sealed class RightsRuleTests
{
    private const long Ann = 31;
    private const long Sales = 21;
    private const long Europe = 22;
    private const long Folder = 41;
    private const long Report = 42;

    private readonly FakeView _view = new();

    public RightsRuleTests()
    {
        _view.Principal(Sales, "Sales", ObjectKinds.UserGroup);
        _view.Principal(Europe, "Europe", ObjectKinds.UserGroup, Sales);
        _view.Principal(Ann, "Ann", ObjectKinds.User, Europe);
        _view.Put(Folder, "Reports", ObjectKinds.Folder, FakeView.Root);
        _view.Put(Report, "Orders", "CrystalReport", Folder);
    }

    [Fact]
    public void WhatNothingSpecifiesIsDenied()
        => Assert.Equal(new RightDecision(false, DecidedBy.Nothing, 0, 0), _view.Rights.Decide(_view, Ann, _view[Report], Rights.View));

    [Fact]
    public void AGroupsGrantReachesMembersAtAnyDepth()
    {
        _view.Set(FakeView.Root, AccessList.Empty.Grant(Sales, Rights.View));
        Assert.True(_view.Has(Ann, Report, Rights.View));
        Assert.False(_view.Has(Ann, Report, Rights.Edit));
    }

    [Fact]
    public void AnExplicitGrantOnAChildOverridesAnInheritedDenial()
    {
        _view.Set(Folder, AccessList.Empty.Deny(Ann, Rights.View));
        _view.Set(Report, AccessList.Empty.Grant(BuiltIn.Everyone, Rights.View));
        Assert.True(_view.Has(Ann, Report, Rights.View));
        Assert.False(_view.Has(Ann, Folder, Rights.View));
    }

    [Fact]
    public void AmongGroupsTheFarthestDenialBeatsTheNearestGrant()
    {
        _view.Set(Report, AccessList.Empty.Grant(Europe, Rights.View).Deny(BuiltIn.Everyone, Rights.View));
        Assert.False(_view.Has(Ann, Report, Rights.View));
        _view.Set(Report, AccessList.Empty.Grant(Ann, Rights.View).Deny(BuiltIn.Everyone, Rights.View));
        Assert.True(_view.Has(Ann, Report, Rights.View));
    }

    [Fact]
    public void SwitchingOffFoldersStopsAtTheObject()
    {
        _view.Set(FakeView.Root, AccessList.Empty.Grant(Ann, Rights.View));
        _view.Set(Folder, AccessList.Empty.WithInheritance(fromFolder: false, fromGroups: true));
        Assert.False(_view.Has(Ann, Report, Rights.View));
        Assert.True(_view.Has(BuiltIn.Administrator, Report, Rights.Delete));
    }

    [Fact]
    public void SwitchingOffGroupsLeavesOwnEntriesHereAndAbove()
    {
        _view.Set(FakeView.Root, AccessList.Empty.Grant(Sales, Rights.View).Grant(Ann, Rights.Edit));
        _view.Set(Folder, AccessList.Empty.WithInheritance(fromFolder: true, fromGroups: false));
        Assert.False(_view.Has(Ann, Report, Rights.View));
        Assert.True(_view.Has(Ann, Report, Rights.Edit));
        // What is nearer than the object that switched them off still counts.
        _view.Set(Report, AccessList.Empty.Grant(Sales, Rights.View));
        Assert.True(_view.Has(Ann, Report, Rights.View));
    }

    [Fact]
    public void AdministratorsHaveWhatIsNotDeniedThem()
    {
        _view.Principal(32, "Bob", ObjectKinds.User, BuiltIn.Administrators);
        Assert.True(_view.Has(32, Report, Rights.Delete));
        _view.Set(Folder, AccessList.Empty.Deny(BuiltIn.Administrators, Rights.Delete));
        Assert.False(_view.Has(32, Report, Rights.Delete));
    }

    [Fact]
    public void AdministratorCannotBeShutOutOfRights()
    {
        _view.Principal(BuiltIn.Administrator, "Administrator", ObjectKinds.User);
        var locked = AccessList.Empty.WithInheritance(false, false);
        foreach (var right in new[] { Rights.View, Rights.ModifyRights, Rights.Edit })
            locked = locked.Deny(BuiltIn.Everyone, right).Deny(BuiltIn.Administrators, right).Deny(BuiltIn.Administrator, right);
        _view.Set(FakeView.Root, locked);
        _view.Set(Report, locked);
        foreach (var place in new[] { FakeView.Root, Report })
        {
            Assert.True(_view.Has(BuiltIn.Administrator, place, Rights.View));
            Assert.True(_view.Has(BuiltIn.Administrator, place, Rights.ModifyRights));
            Assert.False(_view.Has(BuiltIn.Administrator, place, Rights.Edit));
        }
    }

    [Fact]
    public void ANewSystemLetsOwnersUseWhatIsTheirsAndNobodyElse()
    {
        _view.Principal(32, "Bob", ObjectKinds.User);
        _view.Set(FakeView.Root, BuiltIn.RootAccessList);
        _view.Put(Report, "Orders", "CrystalReport", Folder, ownerId: Ann);
        Assert.True(_view.Has(Ann, Report, Rights.Edit));
        Assert.True(_view.Has(Ann, Report, Rights.Refresh));
        Assert.False(_view.Has(Ann, Report, Rights.ModifyRights));
        Assert.False(_view.Has(Ann, Folder, Rights.View));
        Assert.False(_view.Has(32, Report, Rights.View));
    }

    [Fact]
    public void ADamagedListDeniesEverythingBelowItButToAdministrators()
    {
        _view.Set(FakeView.Root, AccessList.Empty.Grant(Ann, Rights.View));
        Assert.True(_view.Has(Ann, Report, Rights.View));
        _view.SetBytes(Folder, [.. AccessList.Empty.Grant(Ann, Rights.View).Encode(), 0]);
        Assert.Equal(new RightDecision(false, DecidedBy.DamagedList, Folder, 0), _view.Rights.Decide(_view, Ann, _view[Report], Rights.View));
        Assert.True(_view.Has(BuiltIn.Administrator, Report, Rights.Edit));
    }

    [Fact]
    public void AnyBytesAsAListNeverGrantWhatADenialAboveForbids()
        => SeededRounds.Run(5000, random =>
        {
            var view = new FakeView();
            view.Principal(Ann, "Ann", ObjectKinds.User);
            view.Set(FakeView.Root, AccessList.Empty.Deny(Ann, Rights.View));
            var bytes = new byte[random.Next(1, 60)];
            random.NextBytes(bytes);
            bytes[0] = (byte)random.Next(3);
            view.Put(Folder, "Reports", ObjectKinds.Folder, FakeView.Root);
            view.SetBytes(Folder, bytes);
            Assert.False(view.Has(Ann, Folder, Rights.View));
        });

    [Fact]
    public void FoldersThatRunInACircleOrEndNowhereGrantNothing()
    {
        _view.Put(43, "Circle", ObjectKinds.Folder, 44);
        _view.Put(44, "Circle", ObjectKinds.Folder, 43);
        _view.Put(45, "Orphan", ObjectKinds.Folder, 9999);
        Assert.Equal(DecidedBy.BrokenPath, _view.Rights.Decide(_view, Ann, _view[43], Rights.View).By);
        Assert.Equal(DecidedBy.BrokenPath, _view.Rights.Decide(_view, Ann, _view[45], Rights.View).By);
        Assert.True(_view.Has(BuiltIn.Administrator, 43, Rights.Delete));
    }

    [Fact]
    public void AChangeOfMembershipIsSeenByTheNextDecision()
    {
        _view.Set(FakeView.Root, AccessList.Empty.Grant(Sales, Rights.View));
        Assert.True(_view.Has(Ann, Report, Rights.View));
        _view.Principal(Europe, "Europe", ObjectKinds.UserGroup);
        Assert.False(_view.Has(Ann, Report, Rights.View));
        _view.Principal(Europe, "Europe", ObjectKinds.UserGroup, Sales);
        Assert.True(_view.Has(Ann, Report, Rights.View));
        _view.Remove(Sales);
        Assert.False(_view.Has(Ann, Report, Rights.View));
        _view.Principal(Sales, "Sales", ObjectKinds.UserGroup);
        Assert.True(_view.Has(Ann, Report, Rights.View));
    }

    [Fact]
    public void GroupsAreFoundOnceForAsLongAsTheyAreTheSame()
    {
        var first = _view.Membership.Of(_view, Ann);
        Assert.Same(first, _view.Membership.Of(_view, Ann));
        Assert.Equal([BuiltIn.Everyone, Sales, Europe], first.Groups);
        _view.Set(Europe, AccessList.Empty);
        Assert.NotSame(first, _view.Membership.Of(_view, Ann));
    }

    [Fact]
    public void GroupsThatNestTooDeepAreRefusedButNotForAdministrator()
    {
        for (long id = 1000; id < 1100; id++)
            _view.Principal(id, $"g{id}", ObjectKinds.UserGroup, id + 1);
        _view.Principal(Ann, "Ann", ObjectKinds.User, 1000);
        _view.Principal(BuiltIn.Administrator, "Administrator", ObjectKinds.User, 1000);
        var refused = Assert.Throws<LoggerCmsException>(() => _view.Has(Ann, Report, Rights.View));
        Assert.Equal(ErrorCodes.LimitExceeded, refused.Code);
        Assert.True(refused.IsOfRequest, "Nobody should wait for it to pass.");
        Assert.Contains($"Get-CmsUser -Id {Ann}", refused.Remedy, StringComparison.Ordinal);
        Assert.True(_view.Has(BuiltIn.Administrator, Report, Rights.Delete));
    }

    [Fact]
    public void NobodyDecidesForAPrincipalThatDoesNotExist()
    {
        Assert.Equal(ErrorCodes.ObjectNotFound, Assert.Throws<LoggerCmsException>(() => _view.Has(999, Report, Rights.View)).Code);
        Assert.Equal(ErrorCodes.ObjectNotFound, Assert.Throws<LoggerCmsException>(() => _view.Has(Folder, Report, Rights.View)).Code);
    }

    [Fact]
    public void WhoMayNotSeeAnObjectIsNotToldThatItExists()
    {
        var ann = _view.Rights.Begin(_view, Ann);
        Assert.Equal(ErrorCodes.ObjectNotFound, Assert.Throws<LoggerCmsException>(() => ann.Require(_view[Report], Rights.Edit)).Code);
        _view.Set(Report, AccessList.Empty.Grant(Ann, Rights.View));
        ann.Require(_view[Report], Rights.View);
        Assert.Equal(ErrorCodes.Forbidden, Assert.Throws<LoggerCmsException>(() => ann.Require(_view[Report], Rights.Edit)).Code);
    }

    [Fact]
    public void AnUnknownRightIsRefusedWithThoseThatThereAre()
    {
        Assert.Equal(Rights.Refresh, Rights.Ask("CrystalReport", "refresh"));
        Assert.Equal("EditOwned", Rights.Enter(ObjectKinds.Folder, "editowned"));
        Assert.Equal(Rights.Refresh, Rights.Enter(ObjectKinds.Folder, Rights.Refresh));
        foreach (var refused in new Action[]
        {
            () => Rights.Ask("CrystalReport", "Fly"), () => Rights.Ask(ObjectKinds.User, Rights.Refresh), () => Rights.Ask("Anything", "EditOwned"),
            () => Rights.Enter("Anything", Rights.Trigger),
        })
        {
            var exception = Assert.Throws<LoggerCmsException>(refused);
            Assert.Equal(ErrorCodes.InvalidObject, exception.Code);
            Assert.Contains("View, Add, Edit", exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void EveryRightCanBeAnEntry()
        => Assert.All(
            Rights.Of(ObjectKinds.Folder).Concat(Rights.OwnerRights), right => Assert.Equal(1, AccessList.Empty.Grant(5, Rights.Enter("Folder", right)).Count));

    [Fact]
    public void TheReportNamesObjectsPrincipalsAndWhatDecided()
    {
        _view.Set(FakeView.Root, AccessList.Empty.Grant(Sales, Rights.View));
        _view.Set(Folder, AccessList.Empty.Grant(Europe, Rights.View).Deny(Sales, Rights.View));
        var decision = RightsReport.Decision(_view.Rights.Begin(_view, Ann), Ann, _view[Report], Rights.View, _view.Rights.Explain(_view, Ann, _view[Report], Rights.View));
        Assert.Equal(("Ann", "/Reports/Orders", false), (decision.Principal, decision.Path, decision.Granted));
        Assert.Equal("Denied to the group Sales on /Reports (id 41).", decision.Reason);
        Assert.Equal(
            [
                "/Reports/Orders (id 42): no entry; ask the folder above",
                "/Reports (id 41): Europe is granted View; is overridden on the same object",
                "/Reports (id 41): Sales is denied View; decides",
            ],
            decision.Steps);

        var unspecified = _view.Rights.Explain(_view, Ann, _view[Report], Rights.Edit);
        Assert.EndsWith(
            ": no entry; there is no folder above",
            RightsReport.Decision(_view.Rights.Begin(_view, Ann), Ann, _view[Report], Rights.Edit, unspecified).Steps[^1],
            StringComparison.Ordinal);

        var entries = RightsReport.Entries(_view.Rights.Begin(_view, Ann), _view[Folder]).ToList();
        Assert.Equal([(41L, Sales, false), (41L, Europe, false), (FakeView.Root, Sales, true)], entries.Select(e => (e.FromObjectId, e.PrincipalId, e.Inherited)));
        Assert.All(entries, e => Assert.Equal((41, "/Reports"), (e.ObjectId, e.Path)));
    }
}
