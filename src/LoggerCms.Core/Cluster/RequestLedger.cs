using System.Buffers.Binary;
using System.Collections.Concurrent;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Cluster;

/// <summary>
/// The answers of requests that a client may send again. One that is still being made durable is waited for; one that is older than what is kept
/// is refused, never done twice. Safe for several callers at once.
/// </summary>
/// <remarks>
/// The ids of clients are of version 7, and the once-only ids of reconciles, which anybody can work out, of version 8. The two never mix: a client's
/// id that is not of version 7 is refused. So what stands here under a once-only id was brought in by a reconcile, and a record with such an id is
/// a reconcile's.
/// </remarks>
internal sealed class RequestLedger(ClusterOptions options, TimeProvider time)
{
    /// <summary>Of the once-only ids of a reconcile: made from data, they have no time and are never too old.</summary>
    public const int OnceOnlyVersion = DerivedId.Version;

    private const int ClientsVersion = 7;
    private const byte Version = 2;
    private const byte VersionWithoutFingerprint = 1;
    private const int AnswerBytes = 20;

    // Of the entry that says what was let go: a form that every release reads as an answer of nobody's to nobody.
    private static readonly Guid s_letGoId = new("6c0f3b1e-52d8-8a47-b0c3-9d1e7f24a865");

    private static readonly TimeSpan LeastRetention = TimeSpan.FromMinutes(1);

    private const int FirstCapacity = 256 << 10;

    private readonly ConcurrentDictionary<Guid, Answer> _answers = new(Environment.ProcessorCount, FirstCapacity);
    private readonly ConcurrentQueue<Answer> _byAge = new();
    private readonly ConcurrentQueue<Answer> _ofReconciles = new();
    private long _bytesByAge;

    // When the youngest request was made whose answer was let go, and when that became known here. By the clock that lets it go its retry is too old from
    // then on; a clock that is set back would take it for new.
    private long _letGoUs;
    private long _letGoAt;

    public int Count => _answers.Count;

    /// <summary>The earlier try of a request: its changes, and the task that ends when they are durable. Null for one that is new.</summary>
    /// <exception cref="LoggerCmsException">
    /// RequestExpired; InvalidOption for an id that no client can have, or of a later time than it can have, or of another request; Forbidden where it
    /// is another principal's.
    /// </exception>
    public Answer? Find(WriteRequest request)
    {
        var requestId = request.RequestId;
        if (requestId == Guid.Empty)
            return null;
        CheckClients(requestId);
        if (_answers.TryGetValue(requestId, out var answer))
        {
            CheckSame(answer, request);
            return answer;
        }

        // After the look for the answer: it goes only when this is known.
        var (madeUs, nowUs, letGoUs) = (MadeUs(requestId), NowUs(), Volatile.Read(ref _letGoUs));
        if (madeUs <= letGoUs && IsLetGoHeld(letGoUs, nowUs))
        {
            throw new LoggerCmsException(
                ErrorCodes.RequestExpired,
                $"The request {requestId} is not younger than one whose answer is kept no more: whether it was done before is not known any more.",
                "Read the objects to see what they are, then send a new request. Where the client's clock is behind and a backup was put back or there "
                + $"are more answers than the node keeps, or the node's clock was set back, one is taken when that clock has caught up, and in {2 * options.RequestRetention.TotalMinutes:0.#} minutes at the latest.");
        }

        var age = TimeSpan.FromMicroseconds(nowUs - madeUs);
        if (age >= options.RequestRetention)
        {
            throw new LoggerCmsException(
                ErrorCodes.RequestExpired,
                $"The request {requestId} is older than {options.RequestRetention.TotalMinutes:0.#} minutes: whether it was done before is not known any more.",
                "Read the objects to see what they are, then send a new request.");
        }

        // Its answer would be kept longer than anybody wants to.
        return age > -options.RequestRetention
            ? null
            : throw new LoggerCmsException(
                ErrorCodes.InvalidOption,
                $"The request id {requestId} was made {-age.TotalMinutes:0} minutes from now.",
                "Set the clock of the client, or of the node.");
    }

    // A clock that ran far ahead, and let go requests of a time that is long in coming, keeps nobody out for longer than an answer is kept. One that is
    // about to come to that time again, or past it, takes no request for new that may have been made when it was there first.
    private bool IsLetGoHeld(long letGoUs, long nowUs) => letGoUs - nowUs <= options.RequestRetention.Ticks / TimeSpan.TicksPerMicrosecond
        || time.GetElapsedTime(Volatile.Read(ref _letGoAt)) < options.RequestRetention;

    // An answer that is not that of what was asked would tell of changes that nobody made.
    private static void CheckSame(Answer answer, WriteRequest request)
    {
        if (answer.PrincipalId != request.PrincipalId)
            throw new LoggerCmsException(ErrorCodes.Forbidden, $"The request id {answer.RequestId} is another caller's.", "Use a new id for each request.");
        if (answer.Fingerprint == request.Fingerprint || answer.Fingerprint == 0 || request.Fingerprint == 0)
            return;
        throw new LoggerCmsException(
            ErrorCodes.InvalidOption,
            $"The request id {answer.RequestId} was used before, for a request that reads otherwise; nothing was changed.",
            "Use a new id for each request. A retry sends the same bytes again.");
    }

    /// <exception cref="LoggerCmsException">InvalidOption: it is not of version 7.</exception>
    public static void CheckClients(Guid requestId)
    {
        if (requestId.Version == ClientsVersion)
            return;
        throw new LoggerCmsException(
            ErrorCodes.InvalidOption,
            $"The request id {requestId} is a UUID of version {requestId.Version}; only version {ClientsVersion} has the time that says until when it is known.",
            "Make a new one of version 7 for each request (Guid.CreateVersion7), or leave RequestId out.");
    }

    /// <summary>What is kept of a request, whoever made it and whenever.</summary>
    public Answer? Kept(Guid requestId) => _answers.GetValueOrDefault(requestId);

    /// <summary>Until when the answer is kept: as long as <see cref="Find"/> would take a retry, also from a client whose clock is ahead.</summary>
    /// <param name="requestId">The client's id.</param>
    /// <param name="timeUs">When it was done.</param>
    public long ExpiresUs(Guid requestId, long timeUs)
    {
        var kept = requestId.Version == OnceOnlyVersion ? options.OnceOnlyRetention : options.RequestRetention;
        return Math.Max(timeUs, requestId.Version == ClientsVersion ? MadeUs(requestId) : 0) + (kept.Ticks / TimeSpan.TicksPerMicrosecond);
    }

    public Answer Add(ChangeRecord record, Task durable)
    {
        var id = record.RequestId;
        var answer = new Answer(id, record.PrincipalId, record.Fingerprint, ChangedBy(record.Changes), ExpiresUs(id, NowUs()), durable);
        if (id != Guid.Empty)
        {
            _answers[id] = answer;
            Enqueue(answer);
        }

        return answer;
    }

    /// <summary>
    /// Takes the answers of earlier requests that a reconcile keeps with a record; one that is there already stays. Who asks for one meanwhile waits, as
    /// for an answer of this node.
    /// </summary>
    public void KeepCarried(ChangeRecord record, Task durable)
    {
        foreach (var change in record.Changes)
        {
            if (change is PutLocalChange { Entry: { Key.Class: LocalClass.Request } entry })
                Keep(Decode(entry) with { Durable = durable });
        }
    }

    private void Keep(Answer answer)
    {
        if (_answers.TryAdd(answer.RequestId, answer))
            Enqueue(answer);
    }

    /// <summary>Takes an answer that the database or a delta file kept.</summary>
    public void Restore(LocalEntry entry)
    {
        if (entry.Key.Id == s_letGoId)
        {
            LetGo(Decode(entry).Fingerprint);
            return;
        }

        if (!_answers.ContainsKey(entry.Key.Id))
            Keep(Decode(entry));
    }

    /// <summary>Forgets a request that came to nothing, so that it can be tried again.</summary>
    public void Remove(Guid requestId) => _answers.TryRemove(requestId, out _);

    /// <summary>Forgets an answer that was to be kept with a record which came to nothing; another answer of the same request stays.</summary>
    /// <param name="requestId">The client's id.</param>
    /// <param name="durable">The record's.</param>
    public void TakeBack(Guid requestId, Task durable)
    {
        if (_answers.TryGetValue(requestId, out var answer) && answer.Durable == durable)
            _answers.TryRemove(new KeyValuePair<Guid, Answer>(requestId, answer));
    }

    /// <summary>
    /// Forgets what has expired, and the oldest of what is too much; gives their ids, to be removed from the database too, and what is to be written with
    /// that: up to when a request was made that is not known any more. Without it a clock that is set back, in this life or a later one, would have a retry
    /// done again.
    /// </summary>
    public (IReadOnlyList<LocalKey> Expired, LocalEntry? LetGo) Expire()
    {
        List<LocalKey> expired = [];
        var (now, before) = (NowUs(), _letGoUs);
        PassOverAhead(now);
        foreach (var byAge in (ReadOnlySpan<ConcurrentQueue<Answer>>)[_byAge, _ofReconciles])
        {
            while (byAge.TryPeek(out var oldest) && (oldest.ExpiresUs <= now || IsTooMuch(oldest, now)) && byAge.TryDequeue(out oldest))
            {
                if (byAge == _byAge)
                    Interlocked.Add(ref _bytesByAge, -oldest.Bytes);
                if (oldest.RequestId.Version == ClientsVersion)
                    LetGo(MadeUs(oldest.RequestId));
                if (_answers.TryRemove(new KeyValuePair<Guid, Answer>(oldest.RequestId, oldest)))
                    expired.Add(new LocalKey(LocalClass.Request, oldest.RequestId));
            }
        }

        return (expired, _letGoUs == before ? null : LetGoEntry(_letGoUs));
    }

    /// <summary>Says that nothing is known any more of requests that were made up to a time.</summary>
    public static LocalEntry LetGoEntry(long madeUs) => Encode(new Answer(s_letGoId, 0, madeUs, [], long.MaxValue, Task.CompletedTask));

    /// <summary>When the youngest request was made that a kept entry tells of; 0 for none.</summary>
    public static long Youngest(LocalEntry entry) => entry.Key.Id == s_letGoId ? Decode(entry).Fingerprint : entry.Key.Id.Version == ClientsVersion ? MadeUs(entry.Key.Id) : 0;

    // What is not durable yet came within the least time, or its disk does not answer.
    private bool IsTooMuch(Answer oldest, long now) => Interlocked.Read(ref _bytesByAge) > options.MostAnswerBytes
        && oldest.RequestId.Version == ClientsVersion && oldest.Durable.IsCompleted
        && MadeUs(oldest.RequestId) <= now - (LeastRetention.Ticks / TimeSpan.TicksPerMicrosecond);

    // Those of clients whose clock is ahead keep their time: to let one go is to refuse all new requests of earlier times, which are everybody's.
    private void PassOverAhead(long now)
    {
        for (var turns = _byAge.Count; turns > 0 && Interlocked.Read(ref _bytesByAge) > options.MostAnswerBytes; turns--)
        {
            if (!_byAge.TryPeek(out var oldest) || oldest.ExpiresUs <= now || MadeUs(oldest.RequestId) <= now || !_byAge.TryDequeue(out oldest))
                return;
            _byAge.Enqueue(oldest);
        }
    }

    private void LetGo(long madeUs)
    {
        if (madeUs <= _letGoUs)
            return;
        Volatile.Write(ref _letGoAt, time.GetTimestamp());
        Volatile.Write(ref _letGoUs, madeUs);
    }

    public static LocalEntry Encode(Answer answer)
    {
        var content = new byte[HeadBytes(Version) + (answer.Changed.Length * AnswerBytes)];
        content[0] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(1), answer.PrincipalId);
        BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(9), answer.Fingerprint);
        for (var (i, at) = (0, HeadBytes(Version)); i < answer.Changed.Length; i++, at += AnswerBytes)
        {
            BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(at), answer.Changed[i].Id);
            BinaryPrimitives.WriteInt32LittleEndian(content.AsSpan(at + 8), answer.Changed[i].Version);
            BinaryPrimitives.WriteInt64LittleEndian(content.AsSpan(at + 12), answer.Changed[i].UpdateKey);
        }

        return new LocalEntry(new LocalKey(LocalClass.Request, answer.RequestId), answer.ExpiresUs, content);
    }

    /// <summary>A kept answer with its objects as they are now.</summary>
    public static LocalEntry AsNow(LocalEntry entry, IObjectView view)
    {
        var answer = Decode(entry);
        return Encode(answer with { Changed = [.. answer.Changed.Select(AsIs)] });

        ChangedObject AsIs(ChangedObject changed)
            => view.Find(changed.Id) is { } now ? new ChangedObject(now.Id, now.Version, now.UpdateKey) : changed with { Version = 0 };
    }

    /// <summary>What changes did to objects, in their order.</summary>
    public static ChangedObject[] ChangedBy(ReadOnlySpan<Change> changes)
    {
        var objects = 0;
        foreach (var change in changes)
            objects += change is PutChange or RemoveChange ? 1 : 0;
        var (changed, at) = (new ChangedObject[objects], 0);
        foreach (var change in changes)
        {
            if (change is PutChange put)
                changed[at++] = new ChangedObject(put.Object.Id, put.Object.Version, put.UpdateKey);
            else if (change is RemoveChange remove)
                changed[at++] = new ChangedObject(remove.Id, 0, remove.UpdateKey);
        }

        return changed;
    }

    public static Answer Decode(LocalEntry entry)
    {
        var content = entry.Content;
        var head = content.Length == 0 ? 0 : HeadBytes(content[0]);
        if (head == 0 || content.Length < head || (content.Length - head) % AnswerBytes != 0)
        {
            throw new LoggerCmsException(
                ErrorCodes.FormatNotSupported, $"The kept answer {entry.Key.Id} has a form that this release does not read.", "Use the release that wrote it.");
        }

        var changed = new ChangedObject[(content.Length - head) / AnswerBytes];
        for (var (i, at) = (0, head); i < changed.Length; i++, at += AnswerBytes)
        {
            changed[i] = new ChangedObject(
                BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(at)),
                BinaryPrimitives.ReadInt32LittleEndian(content.AsSpan(at + 8)),
                BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(at + 12)));
        }

        var fingerprint = content[0] == VersionWithoutFingerprint ? 0 : BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(9));
        return new Answer(entry.Key.Id, BinaryPrimitives.ReadInt64LittleEndian(content.AsSpan(1)), fingerprint, changed, entry.ExpiresUs, Task.CompletedTask);
    }

    // 0 for a form that this release does not read.
    private static int HeadBytes(byte version) => version switch
    {
        Version => 17,
        VersionWithoutFingerprint => 9,
        _ => 0,
    };

    private static long MadeUs(Guid requestId)
    {
        Span<byte> bytes = stackalloc byte[16];
        requestId.TryWriteBytes(bytes, bigEndian: true, out _);
        return (BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16) * 1000;
    }

    private void Enqueue(Answer answer)
    {
        // They are kept far longer, and would keep the others behind them.
        if (answer.RequestId.Version == OnceOnlyVersion)
        {
            _ofReconciles.Enqueue(answer);
            return;
        }

        Interlocked.Add(ref _bytesByAge, answer.Bytes);
        _byAge.Enqueue(answer);
    }

    private long NowUs() => UnixTime.Us(time.GetUtcNow());

    /// <param name="RequestId">The client's id.</param>
    /// <param name="PrincipalId">Whose request it was.</param>
    /// <param name="Fingerprint">Of what was asked; 0 where it is not known.</param>
    /// <param name="Changed">What it did.</param>
    /// <param name="ExpiresUs">Until when it is kept.</param>
    /// <param name="Durable">Ends when it is durable and visible; fails when it came to nothing.</param>
    internal sealed record Answer(Guid RequestId, long PrincipalId, long Fingerprint, ChangedObject[] Changed, long ExpiresUs, Task Durable)
    {
        /// <summary>Set once it has ended well, so that what is kept does not hold its task.</summary>
        public Task Durable { get; set; } = Durable;

        /// <summary>About what it takes in memory, with its places in the ledger.</summary>
        public int Bytes => 224 + (Changed.Length * (AnswerBytes + sizeof(int)));
    }
}
