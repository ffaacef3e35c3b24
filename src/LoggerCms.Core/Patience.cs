using System.Diagnostics;

namespace LoggerCms.Core;

/// <summary>
/// How long a call of a database may take before it counts as one that is not answered: a server that is frozen, or whose disk is, accepts everything
/// and never fails. One that is only slow is given more time from try to try, so that in the end it comes through. One call at a time.
/// </summary>
/// <param name="database">Its name.</param>
/// <param name="least">So long at least; what is longer comes from what calls took.</param>
internal sealed class Patience(string database, TimeSpan least)
{
    private static readonly TimeSpan s_most = TimeSpan.FromHours(1);

    private TimeSpan _now;
    private TimeSpan _longest;

    /// <summary>No more than at first, for one who is about to end.</summary>
    public void Reset() => (_now, _longest) = (default, default);

    /// <summary>All that was to be done was answered; the next has time by the longest of its calls. A quick one says nothing of a slow one.</summary>
    public void Settle()
    {
        if (_longest > default(TimeSpan))
            (_now, _longest) = (_longest * 2, default);
    }

    /// <param name="work">The call.</param>
    /// <param name="silent">Told as soon as the time is over, whether or not the call can be ended.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="besides">What it may take longer than others, by what there is to do.</param>
    /// <exception cref="LoggerCmsException">ConnectionLost: it was not answered. What the call throws.</exception>
    public async Task<T> AnswerAsync<T>(Func<CancellationToken, Task<T>> work, Action<LoggerCmsException>? silent, CancellationToken cancellationToken, TimeSpan besides = default)
    {
        var (patience, started) = (Clamp(_now) + besides, Stopwatch.GetTimestamp());
        LoggerCmsException? failure = null;
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var timer = new Timer(_ =>
        {
            var told = NoAnswer(patience);
            Volatile.Write(ref failure, told);
            silent?.Invoke(told);
            ends.Cancel();
        });
        await using (timer.ConfigureAwait(false))
        {
            timer.Change(patience, Timeout.InfiniteTimeSpan);
            try
            {
                var result = await work(ends.Token).ConfigureAwait(false);
                var took = Stopwatch.GetElapsedTime(started);
                _longest = took > _longest ? took : _longest;
                return result;
            }
            catch (Exception exception) when (Volatile.Read(ref failure) is not null)
            {
                _now = patience * 2;
                if (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                    throw Volatile.Read(ref failure)!;
                throw;
            }
        }
    }

    /// <inheritdoc cref="AnswerAsync{T}"/>
    public Task AnswerAsync(Func<CancellationToken, Task> work, Action<LoggerCmsException>? silent, CancellationToken cancellationToken, TimeSpan besides = default) => AnswerAsync(
        async token =>
        {
            await work(token).ConfigureAwait(false);
            return true;
        },
        silent,
        cancellationToken,
        besides);

    /// <summary>Tells of a call that is not answered, and goes on waiting for it.</summary>
    public async Task TellAsync(Task work, Action<LoggerCmsException> silent)
    {
        var timer = new Timer(_ => silent(NoAnswer(least)), null, least, Timeout.InfiniteTimeSpan);
        await using (timer.ConfigureAwait(false))
            await work.ConfigureAwait(false);
    }

    private TimeSpan Clamp(TimeSpan time) => time < least ? least : time > s_most ? s_most : time;

    private LoggerCmsException NoAnswer(TimeSpan patience) => new(
        ErrorCodes.ConnectionLost,
        $"'{database}' has not answered for {patience.TotalSeconds:0.#} s.",
        "Look at the database's server and its disk, and at the network between.",
        database);
}
