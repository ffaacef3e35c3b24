using System.Management.Automation;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Which of many results are wanted, counted as they come: one of these for several lists counts over all of them.</summary>
/// <param name="skip">So many are left out first.</param>
/// <param name="first">So many come after them at most.</param>
internal sealed class Page(ulong skip, ulong first)
{
    private ulong _skip = skip;
    private ulong _left = first;

    /// <summary>Whether no more is wanted.</summary>
    public bool IsOver => _left == 0;

    /// <summary>So many are left out still.</summary>
    public ulong ToSkip => _skip;

    /// <summary>So many are looked at at most.</summary>
    public ulong Most => _skip > ulong.MaxValue - _left ? ulong.MaxValue : _skip + _left;

    public static Page All() => new(0, ulong.MaxValue);

    public static Page Of(PagingParameters paging, int? most = null) => new(paging.Skip, Math.Min(paging.First, most is { } number ? (ulong)number : ulong.MaxValue));

    /// <summary>Counts one more.</summary>
    /// <returns>Whether it is one of those that are wanted.</returns>
    public bool Takes()
    {
        if (_skip > 0)
        {
            _skip--;
            return false;
        }

        if (_left == 0)
            return false;
        _left--;
        return true;
    }
}
