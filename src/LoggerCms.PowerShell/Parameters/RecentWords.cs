namespace LoggerCms.PowerShell.Parameters;

/// <summary>The words that were seen last, each with what it is; bounded, so that reading a large folder does not fill the shell's memory.</summary>
internal sealed class RecentWords
{
    private const int Most = 1000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _words = new(StringComparer.OrdinalIgnoreCase);
    private readonly Queue<string> _byAge = new();

    public void Add(string word, string what)
    {
        lock (_gate)
        {
            if (!_words.TryAdd(word, what))
                return;
            _byAge.Enqueue(word);
            if (_byAge.Count > Most)
                _words.Remove(_byAge.Dequeue());
        }
    }

    public IReadOnlyList<KeyValuePair<string, string>> List()
    {
        lock (_gate)
            return [.. _words.OrderBy(word => word.Key, StringComparer.OrdinalIgnoreCase)];
    }
}
