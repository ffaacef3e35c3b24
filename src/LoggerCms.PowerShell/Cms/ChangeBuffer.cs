using LoggerCms.PowerShell.Objects;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Gathers what a pipeline asks for until it is worth a request.</summary>
internal sealed class ChangeBuffer
{
    private List<PendingChange> _items = [];
    private int _bytes;

    public int Count => _items.Count;

    public bool IsFull => _items.Count >= ChangeSender.MostItems || _bytes >= ChangeSender.MostBytes;

    public void Add(PendingChange item)
    {
        _items.Add(item);
        _bytes += item.Bytes;
    }

    public IReadOnlyList<PendingChange> Take()
    {
        var taken = _items;
        (_items, _bytes) = ([], 0);
        return taken;
    }
}
