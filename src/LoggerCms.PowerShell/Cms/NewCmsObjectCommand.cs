using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;
using System.Text.Json;
using LoggerCms.PowerShell.Objects;
using LoggerCms.PowerShell.Parameters;
using LoggerCms.PowerShell.Values;

namespace LoggerCms.PowerShell.Cms;

/// <summary>Makes objects; those of a pipeline in requests of several hundred.</summary>
[Cmdlet(VerbsCommon.New, "CmsObject", SupportsShouldProcess = true)]
[OutputType(typeof(InfoObject))]
public sealed class NewCmsObjectCommand : NodeCmdlet
{
    private readonly ChangeBuffer _buffer = new();
    private readonly Dictionary<string, (long Id, string Path)> _folders = new(StringComparer.OrdinalIgnoreCase);

    // What -WhatIf has told of: a folder among it is there for what goes into it, and nothing can be asked of the node.
    private readonly HashSet<string> _planned = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, bool> _included = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The path of the folder.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Folder")]
    [ArgumentCompleter(typeof(CmsPathCompleter))]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The name.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("SI_NAME")]
    public string Name { get; set; } = string.Empty;

    /// <summary>The kind.</summary>
    [Parameter(Mandatory = true, Position = 2, ValueFromPipelineByPropertyName = true)]
    [Alias("SI_KIND")]
    [ArgumentCompleter(typeof(CmsKindCompleter))]
    public string Kind { get; set; } = string.Empty;

    /// <summary>The id of the folder.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("SI_PARENTID")]
    public long? ParentId { get; set; }

    /// <summary>The properties.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("Properties")]
    [AllowNull]
    public IDictionary? Property { get; set; }

    /// <summary>What the pipeline brings, for -IncludeProperty.</summary>
    [Parameter(ValueFromPipeline = true)]
    public PSObject? InputObject { get; set; }

    /// <summary>Members of the input that become properties; wildcards are allowed.</summary>
    [Parameter]
    [OneForAll]
    [SupportsWildcards]
    public string[] IncludeProperty { get; set; } = [];

    /// <summary>The CUID; a new one when left out.</summary>
    [Parameter]
    [OneForAll]
    [ValidateNotNullOrEmpty]
    public string? Cuid { get; set; }

    /// <summary>The id of the owner; the caller when left out.</summary>
    [Parameter]
    public long? OwnerId { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        object target = MyInvocation.ExpectingInput && InputObject is not null ? InputObject : Name;
        try
        {
            if (Folder(target) is not { } folder)
                return;
            var (change, path) = (Created(folder.Id), CmsPath.Child(folder.Path, Name));
            if (IsWhatIf && !_planned.Contains(folder.Path) && Ask("Checking", target, (client, token) => client.PlanAsync([change], token), MyInvocation.ExpectingInput) is null)
                return;
            if (!ShouldProcess(path, $"Create {Kind}"))
            {
                if (IsWhatIf)
                    _planned.Add(path);
                return;
            }

            _buffer.Add(new PendingChange([change], target));
        }
        catch (LoggerCmsException e)
        {
            Report(ErrorRecords.From(e, target), MyInvocation.ExpectingInput);
            return;
        }

        if (_buffer.IsFull)
            Flush();
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => Flush();

    private CmsChange Created(long parentId) => new()
    {
        Operation = "Create",
        Kind = Kind,
        Name = Name,
        ParentId = parentId,
        Cuid = Cuid,
        OwnerId = OwnerId,
        Properties = Properties() is { Count: > 0 } properties ? PropertyWriter.ToJson(properties) : null,
    };

    private IDictionary? Properties()
    {
        if (IncludeProperty.Length == 0 || InputObject is null)
            return Property;
        var all = new OrderedDictionary(StringComparer.OrdinalIgnoreCase);
        foreach (var member in InputObject.Properties.Where(member => IsIncluded(member.Name)))
            all[member.Name] = member.Value;
        foreach (DictionaryEntry entry in Property ?? new Hashtable())
            all[entry.Key] = entry.Value;
        return all;
    }

    // The rows of a file have the same names, thousands of times.
    private bool IsIncluded(string name)
    {
        if (!_included.TryGetValue(name, out var isIncluded))
            _included[name] = isIncluded = IncludeProperty.Any(pattern => OrEnd(() => Wildcards.Of(pattern), pattern).IsMatch(name) && !IsColumnByChance(pattern, name));
        return isIncluded;
    }

    // A wildcard means properties, and rows of a query or a file have what every object has under these names.
    private static bool IsColumnByChance(string pattern, string name)
        => WildcardPattern.ContainsWildcardCharacters(pattern) && CmsColumns.IsOfEveryObject(name);

    // What the user wrote counts first; of what the pipeline brought, the id.
    private (long Id, string Path)? Folder(object target)
    {
        if (IsWritten(nameof(ParentId)) && IsWritten(nameof(Path)))
            throw new LoggerCmsException(ErrorCodes.InvalidOption, "-Path and -ParentId both name the folder.", "Give one of them.");
        var byId = ParentId is not null && (IsWritten(nameof(ParentId)) || !IsWritten(nameof(Path)));
        if (!byId && Path is null)
            throw new LoggerCmsException(ErrorCodes.InvalidOption, $"No folder is named for '{Name}'.", "Give -Path or -ParentId.");
        var folder = byId ? new ObjectTarget(ParentId, null, null) : new ObjectTarget(null, CmsPath.Normal(Path!).TrimEnd('/') is { Length: > 0 } path ? path : "/", null);
        var key = byId ? $"{ParentId}" : folder.Path!;
        if (!_folders.TryGetValue(key, out var found))
        {
            // It may be one that this pipeline is about to make.
            if (_buffer.Count > 0)
                Flush();
            if (_planned.Contains(key))
                return (0, key);
            if (Ask("Reading the folder", target, folder.ReadAsync, MyInvocation.ExpectingInput) is not { } read)
                return null;
            _folders[key] = found = (read.Id, read.Path);
        }

        if (byId && IsPiped(nameof(ParentId)) && IsPiped(nameof(Path)))
            DemandFolder(found, CmsPath.Normal(Path!));
        return found;
    }

    // An object that was read brings its own path beside the id of its folder, and a row of a file the folder's.
    private static void DemandFolder((long Id, string Path) folder, string path)
    {
        if (IsFolder(path) || IsFolder(CmsPath.Parent(path)))
            return;
        throw new LoggerCmsException(
            ErrorCodes.ObjectNotFound,
            $"Object {folder.Id} is '{folder.Path}' here, not the folder of '{path}': that was read from another system, or moved since.",
            "Give the connection that it was read by: -Connection; or the folder's -Path.");

        bool IsFolder(string one) => string.Equals(one, folder.Path, StringComparison.OrdinalIgnoreCase);
    }

    private protected override void BeforeErrorEnds() => Flush();

    private void Flush()
    {
        var outcomes = ChangeRuns.Send(this, _buffer.Take());
        var ids = outcomes.SelectMany(outcome => outcome.Changed).Select(changed => changed.Id).ToList();
        if (ids.Count > 0)
            List("Reading objects", null, (client, token) => client.QueryAsync(CmsQueries.ByIds(ids), token), (JsonElement row) => InfoObjects.FromRow(row));
        ChangeRuns.Report(this, outcomes, MyInvocation.ExpectingInput);
    }
}
