using System.Management.Automation;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Pipeline;

namespace LoggerCms.PowerShell.Commands;

/// <summary>The parameters that say what a cmdlet is about.</summary>
public abstract class ScopedCmdlet : AsyncPSCmdlet
{
    /// <summary>Wildcards of the tables in scope; all when left out.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TableCompleter))]
    public string[] Table { get; set; } = [];

    /// <summary>Wildcards of the tables that stay out.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TableCompleter))]
    public string[] ExcludeTable { get; set; } = [];

    /// <summary>The path of a side profile: side-local tables, columns and row filters.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Profile { get; set; }

    private protected ScopeOptions Scope(ScopeOptions options)
        => options with
        {
            Table = Table,
            ExcludeTable = ExcludeTable,
            ProfilePath = Profile is null ? null : ResolvePath(Profile),
        };
}

/// <summary>A scope that is read, so that the reader may have to wait for writers.</summary>
public abstract class ReadingCmdlet : ScopedCmdlet
{
    /// <summary>On a SQL Server without snapshot isolation: read under shared locks.</summary>
    [Parameter]
    public SwitchParameter AllowBlockingRead { get; set; }

    private protected T ReadScope<T>(T options)
        where T : ScopeOptions
        => (T)(Scope(options) with { AllowBlockingRead = AllowBlockingRead });
}

/// <summary>A cmdlet that holds one side against another.</summary>
public abstract class PairCmdlet : ReadingCmdlet
{
    /// <summary>The side whose state is taken as the right one.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [SideConnectionTransformation]
    public SideConnection Source { get; set; } = null!;

    /// <summary>The side that is held against it, or brought to that state.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [SideConnectionTransformation]
    public SideConnection Destination { get; set; } = null!;
}
