namespace LoggerCms.Core.Deltas;

/// <summary>How segments go once the system database has what they hold.</summary>
internal sealed partial class DeltaJournal
{
    private readonly SemaphoreSlim _removing = new(1);
    private TaskCompletionSource? _rollAsked;
    private long _rollThrough;

    /// <summary>
    /// Removes, so that no crash brings them back, the segments whose every record has a key up to and including <paramref name="throughKey"/>:
    /// the oldest first, each before the next is touched, so that what survives a crash never has a gap. The active segment goes too where it
    /// is covered whole and has grown past <see cref="DeltaOptions.TrimRollBytes"/>.
    /// </summary>
    /// <exception cref="LoggerCmsException">JournalFailed: a segment could not be removed; those after it stay.</exception>
    public async Task TrimAsync(long throughKey)
    {
        TaskCompletionSource? rolled = null;
        lock (_gate)
        {
            if (!_closing && _active is { IsGivenUp: false } active && active.LastKey <= throughKey && active.DurableEnd >= _options.TrimRollBytes)
            {
                _rollAsked ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _rollThrough = throughKey;
                rolled = _rollAsked;
                Monitor.Pulse(_gate);
            }
        }

        if (rolled is not null)
            await rolled.Task.ConfigureAwait(false);
        await RemoveThroughAsync(throughKey).ConfigureAwait(false);
    }

    private async Task RemoveThroughAsync(long throughKey)
    {
        await _removing.WaitAsync().ConfigureAwait(false);
        try
        {
            await Task.Run(() =>
            {
                while (OldestThrough(throughKey) is { } segment)
                {
                    segment.LetGo();
                    _files.Delete(segment.Path);
                    _files.SyncFolder(_folder);
                    lock (_gate)
                        _closed.RemoveAt(0);
                }
            }).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DeltaFailure.OfFolder(exception, _folder);
        }
        finally
        {
            _removing.Release();
        }
    }

    private DeltaSegment? OldestThrough(long key)
    {
        lock (_gate)
            return _closed.Count > 0 && _closed[0].LastKey <= key ? _closed[0].Segment : null;
    }

    /// <summary>On the journal's thread: segments that somebody else removed have their files again.</summary>
    private void PutBackRemoved()
    {
        if (!Removed().Any())
            return;

        // Not beside a trim: what it removed must stay removed, or a younger one would be missing between older ones.
        _removing.Wait();
        try
        {
            if (_markAbove is not null && _files.Mark(_above) != _markAbove)
                throw NotInPlace(_above);
            _files.MakeFolder(_folder);
            if (_volume is not null && _files.Volume(_folder) != _volume)
                throw NotInPlace(_folder);
            foreach (var segment in Removed())
                segment.PutBack();
        }
        finally
        {
            _removing.Release();
        }
    }

    // What it was comes back with a mount or another move: then all goes on.
    private static DirectoryNotFoundException NotInPlace(string folder)
        => new($"'{folder}' is not the folder that it was when the node started: it was moved, replaced or unmounted.");

    private IEnumerable<DeltaSegment> Removed()
    {
        List<DeltaSegment> held;
        lock (_gate)
            held = [.. _closed.Select(c => c.Segment)];
        if (_active is not null)
            held.Add(_active);
        return held.Where(s => s.IsRemoved);
    }
}
