using System.Management.Automation;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Which of many results are wanted.</summary>
/// <param name="Skip">So many are left out first.</param>
/// <param name="First">So many come after them at most.</param>
internal sealed record Page(ulong Skip, ulong First)
{
    public static Page All { get; } = new(0, ulong.MaxValue);

    public static Page Of(PagingParameters paging) => new(paging.Skip, paging.First);
}
