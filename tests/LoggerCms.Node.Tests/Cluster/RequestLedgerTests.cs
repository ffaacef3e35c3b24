using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;
using LoggerCms.Transfer.Tests.Support;

namespace LoggerCms.Node.Tests.Cluster;

public sealed class RequestLedgerTests
{
    private const long Fingerprint = 7;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly ManualTime _time = new();
    private readonly RequestLedger _ledger;

    public RequestLedgerTests() => _ledger = new RequestLedger(new ClusterOptions(), _time);

    [Fact]
    public void An_answer_is_kept_for_its_time_and_a_later_retry_is_refused_not_done_again()
    {
        var id = New();
        Add(id);
        _time.Advance(9.99 * Minute);
        Assert.Empty(_ledger.Expire().Expired);
        Assert.NotNull(Find(id));
        _time.Advance(0.01 * Minute);
        Assert.Equal(id, Assert.Single(_ledger.Expire().Expired).Id);
        Assert.Equal(ErrorCodes.RequestExpired, Refused(id));
    }

    [Fact]
    public void A_clock_that_ran_ahead_and_is_set_back_has_no_retry_done_again()
    {
        var id = New();
        Add(id);
        _time.Advance(60 * Minute);
        var (expired, letGo) = _ledger.Expire();
        Assert.Equal(id, Assert.Single(expired).Id);
        _time.Advance(-59 * Minute);
        Assert.Equal(ErrorCodes.RequestExpired, Refused(id));
        Assert.Null(Find(New()));

        // Nor after a restart.
        var later = new RequestLedger(new ClusterOptions(), _time);
        Assert.Null(later.Find(Request(id)));
        later.Restore(letGo!);
        Assert.Equal(ErrorCodes.RequestExpired, Assert.Throws<LoggerCmsException>(() => later.Find(Request(id))).Code);
        Assert.Equal(0, later.Count);
    }

    [Theory]
    [InlineData(-29, 20)]
    [InlineData(-29, 14)]
    [InlineData(-60, 50)]
    public void A_clock_that_was_set_back_has_no_retry_done_again_however_long_it_takes_to_come(int setBack, int later)
    {
        var time = new SetTime();
        var ledger = new RequestLedger(new ClusterOptions(), time);
        var id = Guid.CreateVersion7(time.GetUtcNow());
        Add(id, ledger);
        time.Advance(13 * Minute);
        Assert.Single(ledger.Expire().Expired);
        time.Set(setBack * Minute);
        time.Advance(later * Minute);
        Assert.Equal(ErrorCodes.RequestExpired, Assert.Throws<LoggerCmsException>(() => ledger.Find(Request(id))).Code);
        time.Advance(10 * Minute);
        Assert.Null(ledger.Find(Request(Guid.CreateVersion7(time.GetUtcNow()))));
    }

    [Fact]
    public void Requests_of_a_time_that_never_came_keep_nobody_out_for_longer_than_an_answer_is_kept()
    {
        _time.Advance(TimeSpan.FromDays(1));
        Add(New());
        _time.Advance(10 * Minute);
        var letGo = _ledger.Expire().LetGo;
        Assert.Null(_ledger.Expire().LetGo);

        // The next life, by a clock that is right.
        var time = new ManualTime();
        var ledger = new RequestLedger(new ClusterOptions(), time);
        ledger.Restore(letGo!);
        Assert.Equal(ErrorCodes.RequestExpired, Assert.Throws<LoggerCmsException>(() => ledger.Find(Now())).Code);
        time.Advance(10 * Minute);
        Assert.Null(ledger.Find(Now()));

        WriteRequest Now() => Request(Guid.CreateVersion7(time.GetUtcNow()));
    }

    [Fact]
    public void An_id_of_a_client_whose_clock_is_ahead_is_kept_until_its_retry_would_be_refused()
    {
        var id = New(ahead: 9 * Minute);
        Add(id);
        for (var i = 0; i < 40; i++)
        {
            _time.Advance(0.5 * Minute);
            _ledger.Expire();
            if (_ledger.Kept(id) is null)
                Assert.Equal(ErrorCodes.RequestExpired, Refused(id));
        }

        Assert.Equal(0, _ledger.Count);
    }

    [Fact]
    public void An_id_that_is_too_far_in_the_future_or_too_old_is_refused()
    {
        Assert.Equal(ErrorCodes.InvalidOption, Refused(New(ahead: 11 * Minute)));
        Assert.Equal(ErrorCodes.RequestExpired, Refused(New(ahead: -11 * Minute)));
        Assert.Null(Find(New()));
        Assert.Null(Find(Guid.Empty));
    }

    [Fact]
    public void An_id_without_a_time_is_refused_since_nobody_could_tell_when_a_retry_is_too_late()
    {
        Assert.Equal(ErrorCodes.InvalidOption, Refused(Guid.NewGuid()));
        Assert.Equal(ErrorCodes.InvalidOption, Refused(new Guid("00112233-4455-8677-8899-aabbccddeeff")));
    }

    [Fact]
    public void Another_principal_does_not_get_the_answer()
    {
        var id = New();
        Add(id);
        Assert.Equal(ErrorCodes.Forbidden, Refused(id, principal: 13));
    }

    [Fact]
    public void A_kept_answer_is_the_same_when_it_was_written_and_read()
    {
        var answer = Add(New());
        var other = new RequestLedger(new ClusterOptions(), _time);
        other.Restore(RequestLedger.Encode(answer));
        var read = other.Find(Request(answer.RequestId))!;
        Assert.Equal(answer.Changed, read.Changed);
        Assert.Equal((answer.ExpiresUs, 12L, Fingerprint), (read.ExpiresUs, read.PrincipalId, read.Fingerprint));
    }

    [Fact]
    public void An_id_that_comes_again_with_another_request_is_refused_instead_of_told_of_changes_that_nobody_made()
    {
        var id = New();
        Add(id);
        Assert.Equal(ErrorCodes.InvalidOption, Assert.Throws<LoggerCmsException>(() => _ledger.Find(Request(id) with { Fingerprint = 8 })).Code);
    }

    [Fact]
    public void An_answer_of_an_earlier_release_is_read_and_given_to_whoever_asks_again()
    {
        var id = New();
        byte[] content = [1, 12, 0, 0, 0, 0, 0, 0, 0, 232, 3, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0];
        _ledger.Restore(new LocalEntry(new LocalKey(LocalClass.Request, id), long.MaxValue, content));
        Assert.Equal([new ChangedObject(1000, 2, 5)], Find(id)!.Changed);
    }

    [Fact]
    public void A_request_that_came_to_nothing_can_be_tried_again_and_its_first_try_expires_nothing()
    {
        var id = New();
        Add(id);
        _ledger.Remove(id);
        Assert.Null(Find(id));
        _time.Advance(5 * Minute);
        Add(id);
        _time.Advance(5 * Minute);
        Assert.Empty(_ledger.Expire().Expired);
        Assert.NotNull(Find(id));
    }

    [Fact]
    public void What_a_reconcile_brought_is_known_for_longer_and_keeps_nothing_else_from_expiring()
    {
        var onceOnly = new Guid("00112233-4455-8677-8899-aabbccddeeff");
        Assert.Equal(8, onceOnly.Version);
        Add(onceOnly);
        var id = New();
        Add(id);
        _time.Advance(10 * Minute);
        Assert.Equal(id, Assert.Single(_ledger.Expire().Expired).Id);
        Assert.NotNull(_ledger.Kept(onceOnly));
        _time.Advance(TimeSpan.FromDays(7));
        Assert.Equal(onceOnly, Assert.Single(_ledger.Expire().Expired).Id);
    }

    [Fact]
    public void Beyond_what_memory_they_may_take_the_oldest_answers_go_early_and_their_retries_are_refused_not_done_again()
    {
        var ledger = new RequestLedger(new ClusterOptions { MostAnswerBytes = 2500 }, _time);
        List<Guid> ids = [];
        var ahead = New(ahead: 5 * Minute);
        Add(ahead, ledger);
        for (var i = 0; i < 30; i++)
        {
            ids.Add(New());
            Add(ids[^1], ledger);
            _time.Advance(0.1 * Minute);
        }

        var (expired, letGo) = ledger.Expire();
        Assert.Equal(ids.Take(expired.Count), expired.Select(e => e.Id));
        Assert.Equal(21, expired.Count);
        foreach (var id in ids.Take(expired.Count))
            Assert.Equal(ErrorCodes.RequestExpired, Assert.Throws<LoggerCmsException>(() => ledger.Find(Request(id))).Code);
        Assert.All(ids.Skip(expired.Count).Append(ahead), id => Assert.NotNull(ledger.Find(Request(id))));

        // New ones are taken, also from a client whose clock is a little behind; and a restart knows of it.
        Assert.Null(ledger.Find(Request(New())));
        Assert.Null(ledger.Find(Request(New(ahead: -0.9 * Minute))));
        var later = new RequestLedger(new ClusterOptions(), _time);
        later.Restore(letGo!);
        Assert.Equal(ErrorCodes.RequestExpired, Assert.Throws<LoggerCmsException>(() => later.Find(Request(ids[0]))).Code);

        // None goes within a minute.
        for (var i = 0; i < 30; i++)
            Add(New(), ledger);
        Assert.Empty(ledger.Expire().Expired);
        Assert.Equal(40, ledger.Count);
    }

    private RequestLedger.Answer Add(Guid id, RequestLedger? ledger = null) => (ledger ?? _ledger).Add(
        new ChangeRecord
        {
            Epoch = 1,
            TimeUs = 0,
            PrincipalId = 12,
            ClientAddress = "",
            RequestId = id,
            Fingerprint = Fingerprint,
            Changes = [new RemoveChange { UpdateKey = 5, BeforeKey = 4, Id = 1000, Kind = "Txt", Name = "a" }],
        },
        Task.CompletedTask);

    private Guid New(TimeSpan ahead = default) => Guid.CreateVersion7(_time.GetUtcNow() + ahead);

    private RequestLedger.Answer? Find(Guid id) => _ledger.Find(Request(id));

    private string Refused(Guid id, long principal = 12) => Assert.Throws<LoggerCmsException>(() => _ledger.Find(Request(id, principal))).Code;

    private static WriteRequest Request(Guid id, long principal = 12) => WriteRequest.Decided(principal, "") with { RequestId = id, Fingerprint = Fingerprint };

    /// <summary>A clock that can be set; its timestamps go on as time does.</summary>
    private sealed class SetTime : TimeProvider
    {
        private readonly ManualTime _passed = new();
        private TimeSpan _off;

        public override long TimestampFrequency => _passed.TimestampFrequency;

        public override long GetTimestamp() => _passed.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => _passed.GetUtcNow() + _off;

        public void Advance(TimeSpan by) => _passed.Advance(by);

        public void Set(TimeSpan by) => _off += by;
    }
}
