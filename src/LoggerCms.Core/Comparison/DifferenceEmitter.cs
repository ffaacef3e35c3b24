using LoggerCms.Core.Sides;

namespace LoggerCms.Core.Comparison;

/// <summary>Hands differences to the caller, one call at a time, from whatever table or range they come.</summary>
internal sealed class DifferenceEmitter(Func<RowDifference, ValueTask>? onDifference) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    public bool IsWanted => onDifference is not null;

    public async Task EmitAsync(TableSchema table, DifferenceLog differences, CancellationToken cancellationToken)
    {
        if (onDifference is null || differences.Count == 0)
            return;
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            foreach (var batch in differences.Read())
            {
                for (var i = 0; i < batch.Count; i++)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    await onDifference(KeptDifference.Parse(batch[i]).ToRowDifference(table)).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose() => _turn.Dispose();
}
