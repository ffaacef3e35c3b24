using LoggerCms.PowerShell.Values;

namespace LoggerCms.PowerShell.Objects;

/// <summary>
/// Brings exported objects below a folder: parents are mapped, an object that is there is known by its CUID or by its name in its folder, and so an
/// import that is repeated makes nothing twice. Objects whose folder is only about to be made wait for it, so that requests stay large.
/// </summary>
internal sealed class Importer(ICmsClient client, ImportOptions options, Action<CmsImportedObject> report, Action<LoggerCmsException, ImportItem> fail)
{
    private const int MostWaiting = 5_000;

    /// <summary>Where each source id is now; null where it could not be brought in.</summary>
    private readonly Dictionary<long, Place?> _places = [];
    private readonly Dictionary<long, Dictionary<string, CmsObjectInfo>> _folders = [];
    private readonly PrincipalMap _principals = new(client);
    private readonly HashSet<long> _pendingIds = [];
    private readonly List<(PendingChange Change, ImportItem Item, string Path, string Status)> _pending = [];
    private List<ImportItem> _waiting = [];
    private int _bytes;
    private bool _hasRoot;

    public async Task AddAsync(ImportItem item, CancellationToken cancellationToken)
    {
        if (_hasRoot && _pendingIds.Contains(item.Source.ParentId))
        {
            _waiting.Add(item);
            // Whatever waits for this one waits as well.
            _pendingIds.Add(item.Source.Id);
            if (_waiting.Count >= MostWaiting)
                await FlushAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        await PlaceAsync(item, cancellationToken).ConfigureAwait(false);
    }

    public async Task EndAsync(CancellationToken cancellationToken)
    {
        while (_pending.Count > 0 || _waiting.Count > 0)
            await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task PlaceAsync(ImportItem item, CancellationToken cancellationToken)
    {
        var source = item.Source;
        var isRoot = !_hasRoot;
        _hasRoot = true;
        var folder = isRoot ? new Place(options.FolderId, options.FolderPath, false) : _places.GetValueOrDefault(source.ParentId);
        if (folder is null)
        {
            Refuse(item, new LoggerCmsException(
                ErrorCodes.ObjectNotFound,
                $"'{source.Path}' has no folder to go to: object {source.ParentId} was not brought in, or does not stand before it.",
                "Correct what failed before it and import again with -Update Skip."));
            return;
        }

        var path = CmsPath.Child(folder.Path, source.Name);
        var found = await FindAsync(folder, source, cancellationToken).ConfigureAwait(false);
        if (found is not null && Refusal(source, found) is { } refusal)
        {
            Refuse(item, refusal);
            return;
        }

        var changes = found is not null && options.Policy == ImportPolicy.Skip ? null : await ChangesAsync(item, found, folder, cancellationToken).ConfigureAwait(false);
        if (found is not null)
            await MeetAsync(item, found, folder, path, changes, cancellationToken).ConfigureAwait(false);
        else if (changes is not null)
            await QueueAsync(item, changes, path, "Created", cancellationToken).ConfigureAwait(false);
    }

    // Null after a failure that was told: without the rights that it had, an object would be for others than it was.
    private async Task<CmsChange[]?> ChangesAsync(ImportItem item, CmsObjectInfo? found, Place folder, CancellationToken cancellationToken)
    {
        try
        {
            var (ownerId, rights, groups) = options.IncludeRights ? await _principals.MapAsync(item.Source, cancellationToken).ConfigureAwait(false) : (null, null, null);

            // Groups go with the rights: who is in one has what it is granted. Without them, whoever is here stays in the groups that it is in.
            var source = Memberships.With(item.Source, groups ?? (found is null ? [] : Memberships.Of(found)));
            return found is null ? Create(source, folder, ownerId, rights) : Overwrite(found, source, folder, ownerId, rights);
        }
        catch (LoggerCmsException exception) when (exception.Code is ErrorCodes.ObjectNotFound or ErrorCodes.InvalidOption or ErrorCodes.InvalidObject)
        {
            Refuse(item, exception);
            return null;
        }
    }

    private async Task MeetAsync(ImportItem item, CmsObjectInfo found, Place folder, string path, CmsChange[]? changes, CancellationToken cancellationToken)
    {
        if (options.Policy == ImportPolicy.Overwrite && changes is null)
            return;
        _places[item.Source.Id] = new Place(found.Id, found.Path, false);

        // What rights an object has is not compared: with them it is written.
        if (changes is null || (!options.IncludeRights && IsSame(found, item.Source, folder)))
            Report(item, found.Id, found.Path, "Skipped");
        else
            await QueueAsync(item, changes, path, "Overwritten", cancellationToken).ConfigureAwait(false);
    }

    private LoggerCmsException? Refusal(CmsObjectInfo source, CmsObjectInfo found)
    {
        if (options.Policy == ImportPolicy.Fail)
        {
            return new LoggerCmsException(
                ErrorCodes.NameInUse, $"'{found.Path}' (object {found.Id}) is there already.", "Add -Update Skip to leave such objects as they are, or -Update Overwrite.");
        }

        // It would stay what it is, with the properties of something else and without its own.
        return options.Policy == ImportPolicy.Overwrite && !string.Equals(source.Kind, found.Kind, StringComparison.OrdinalIgnoreCase)
            ? new LoggerCmsException(
                ErrorCodes.NameInUse,
                $"'{found.Path}' (object {found.Id}) is there already and is a {found.Kind}, not a {source.Kind}.",
                $"Rename or remove it (Set-CmsObject -Id {found.Id} -Name NAME), or import into another folder.")
            : null;
    }

    // What lies below it fails with it.
    private void Refuse(ImportItem item, LoggerCmsException failure)
    {
        _places[item.Source.Id] = null;
        fail(failure, item);
    }

    private async Task QueueAsync(ImportItem item, IReadOnlyList<CmsChange> changes, string path, string status, CancellationToken cancellationToken)
    {
        if (options.WhatIf)
        {
            // A place that holds nothing yet: whatever goes below it would be made.
            if (status == "Created")
                _places[item.Source.Id] = new Place(0, path, true);
            Report(item, _places[item.Source.Id]!.Id, path, status);
            return;
        }

        if (status == "Created")
            _pendingIds.Add(item.Source.Id);
        var change = new PendingChange(changes, item);
        _pending.Add((change, item, path, status));
        _bytes += change.Bytes;
        if (_pending.Count >= ChangeSender.MostItems || _bytes >= ChangeSender.MostBytes)
            await FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        var sent = _pending.ToList();
        _pending.Clear();
        _bytes = 0;
        var at = 0;
        await ChangeSender.SendAsync(client, [.. sent.Select(one => one.Change)], endsAtFailure: false, outcome => Settle(outcome, sent[at++]), cancellationToken).ConfigureAwait(false);

        var waiting = _waiting;
        _waiting = [];
        _pendingIds.Clear();
        foreach (var item in waiting)
            await AddAsync(item, cancellationToken).ConfigureAwait(false);
    }

    private void Settle(ChangeOutcome outcome, (PendingChange Change, ImportItem Item, string Path, string Status) sent)
    {
        var (_, item, path, status) = sent;
        if (outcome.Failure is { } failure)
        {
            if (status == "Created")
                _places[item.Source.Id] = null;
            fail(failure, item);
            return;
        }

        var id = outcome.Changed[0].Id;
        _places[item.Source.Id] = new Place(id, path, status == "Created");
        Report(item, id, path, status);
    }

    private async Task<CmsObjectInfo?> FindAsync(Place folder, CmsObjectInfo source, CancellationToken cancellationToken)
    {
        if (options.KeepCuid && await Checks.FindAsync(() => client.GetObjectByCuidAsync(source.Cuid, cancellationToken)).ConfigureAwait(false) is { } same)
            return same;
        if (folder.IsNew)
            return null;
        if (!_folders.TryGetValue(folder.Id, out var names))
        {
            _folders[folder.Id] = names = new Dictionary<string, CmsObjectInfo>(StringComparer.OrdinalIgnoreCase);
            await foreach (var child in client.GetChildrenAsync(folder.Id, cancellationToken).ConfigureAwait(false))
                names[child.Name] = child;
        }

        return names.GetValueOrDefault(source.Name);
    }

    private CmsChange[] Create(CmsObjectInfo source, Place folder, long? ownerId, CmsObjectRights? rights) =>
    [
        new CmsChange
        {
            Operation = "Create",
            Kind = source.Kind,
            Name = source.Name,
            ParentId = folder.Id,
            Cuid = options.KeepCuid ? source.Cuid : null,
            OwnerId = ownerId,
            Rights = rights is { InheritFromFolder: true, InheritFromGroups: true, Entries.Count: 0 } ? null : rights,
            Properties = source.Properties.ValueKind == System.Text.Json.JsonValueKind.Object ? source.Properties : null,
        },
    ];

    private static CmsChange[] Overwrite(CmsObjectInfo found, CmsObjectInfo source, Place folder, long? ownerId, CmsObjectRights? rights)
    {
        var wanted = PropertyReader.FromJson(source.Properties);
        var gone = PropertyReader.FromJson(found.Properties).Keys.Cast<string>().Where(name => !wanted.Contains(name)).ToList();
        var update = new CmsChange
        {
            Operation = "Update",
            Id = found.Id,
            ExpectedVersion = found.Version,
            OwnerId = ownerId,
            Rights = rights,
            Properties = source.Properties,
            RemoveProperties = gone.Count > 0 ? gone : null,
        };
        return found.ParentId == folder.Id && found.Name == source.Name
            ? [update]
            : [update, new CmsChange { Operation = "Move", Id = found.Id, ParentId = folder.Id, Name = source.Name }];
    }

    // Without rights, groups are not compared either.
    private static bool IsSame(CmsObjectInfo found, CmsObjectInfo source, Place folder)
        => found.ParentId == folder.Id && found.Name == source.Name
            && System.Text.Json.JsonElement.DeepEquals(found.Properties, Memberships.With(source, Memberships.Of(found)).Properties);

    private void Report(ImportItem item, long id, string path, string status) => report(new CmsImportedObject
    {
        Line = item.Line,
        Status = options.WhatIf ? status switch { "Created" => "WouldCreate", "Overwritten" => "WouldOverwrite", _ => "WouldSkip" } : status,
        Id = id,
        Kind = item.Source.Kind,
        Name = item.Source.Name,
        Path = path,
        SourceId = item.Source.Id,
        SourceCuid = item.Source.Cuid,
    });

    /// <param name="Id">0 where it would only be made.</param>
    /// <param name="Path">From the root.</param>
    /// <param name="IsNew">Nothing lies in it that this import did not put there.</param>
    private sealed record Place(long Id, string Path, bool IsNew);
}

/// <param name="Source">The object as it was exported.</param>
/// <param name="Line">Its line, from 1.</param>
internal sealed record ImportItem(CmsObjectInfo Source, long Line)
{
    public override string ToString() => $"line {Line}: {Source.Path}";
}
