namespace LoggerCms.PowerShell.Objects;

/// <summary>What an import does with an object that is there already.</summary>
internal enum ImportPolicy
{
    Fail,
    Skip,
    Overwrite,
}

/// <param name="FolderId">Where the root of the import goes.</param>
/// <param name="FolderPath">Its path.</param>
/// <param name="KeepCuid">Objects keep their CUIDs, and are known by them.</param>
/// <param name="Policy">What becomes of those that are there.</param>
/// <param name="IncludeRights">Objects get the owner and the access list that the export has of them.</param>
/// <param name="WhatIf">Look, and change nothing.</param>
internal sealed record ImportOptions(long FolderId, string FolderPath, bool KeepCuid, ImportPolicy Policy, bool IncludeRights, bool WhatIf);
