namespace LoggerCms.Core.Security;

/// <summary>
/// Slows down who has a user's token and guesses the password that it lets be changed with. It goes by the user alone and not by
/// <see cref="LogonThrottle"/>: what strangers, who have no token, do to the account or at the address must not keep its holder from a new password.
/// </summary>
/// <remarks>Safe for several callers.</remarks>
internal sealed class PasswordGuesses(TimeProvider time)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly FailureTable<long> _users = new(time, free: 5, capacity: 10_000);

    /// <summary>Looks whether it is right; counted as wrong until then.</summary>
    /// <exception cref="LoggerCmsException">LimitExceeded: the client must wait, and for how long.</exception>
    public bool IsRight(long userId, Func<bool> look)
    {
        lock (_lock)
        {
            if (_users.Wait(userId, Longest) is var wait && wait > TimeSpan.Zero)
            {
                throw new LoggerCmsException(
                    ErrorCodes.LimitExceeded, $"Too many wrong passwords were given. The next one is looked at in {Math.Ceiling(wait.TotalSeconds)} s.", "Wait, then try again.")
                {
                    DeniedObjectId = userId,
                };
            }

            _users.Begin(userId);
        }

        var isRight = false;
        try
        {
            return isRight = look();
        }
        finally
        {
            lock (_lock)
                _users.End(userId, hasFailed: !isRight);
        }
    }
}
