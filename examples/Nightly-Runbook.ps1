<#
.SYNOPSIS
    Keeps a side level every night, for a scheduler that reads exit codes.
.DESCRIPTION
    Nobody is there to answer, so nothing is asked, and a transfer that would lose history is refused by the engine
    (no -Force). Leaves one line a night in a journal. Without -Source and -Destination it shows itself
    on copies of the two small sides beside it.

    Exit code   Status
    0           Completed, AlreadyInState, NothingToSend, WhatIf
    2           Cancelled
    3           Unknown: look at it before the next run
    1           any failure; the journal has its id and remedy
.PARAMETER Source
    The side whose state is right.
.PARAMETER Destination
    The side that is brought to that state.
.PARAMETER Journal
    The file that gets one line a run.
.EXAMPLE
    pwsh -NoProfile -NonInteractive -File ./examples/Nightly-Runbook.ps1 -Source ./a.db -Destination ./b.db -Journal ./nightly.log
#>
[CmdletBinding(SupportsShouldProcess)]
param(
    $Source,
    $Destination,
    [string] $Journal
)
$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../module/LoggerCms"

if (-not $Source -or -not $Destination) {
    $folder = New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "loggercms-nightly-$PID") -WhatIf:$false
    Copy-Item "$PSScriptRoot/sides/a.db", "$PSScriptRoot/sides/b.db" $folder -WhatIf:$false
    $Source = New-SideConnection (Join-Path $folder a.db) -Name A
    $Destination = New-SideConnection (Join-Path $folder b.db) -Name B
}
if (-not $Journal) {
    $Journal = Join-Path ([IO.Path]::GetTempPath()) "loggercms-nightly-$PID.log"
}

function Write-Journal([string] $Line) {
    $line = "$(Get-Date -Format o) $Line"
    Add-Content $Journal $line -WhatIf:$false
    $line
}

# What earlier nights left and nobody needs any more.
$removed = @(Clear-StateTransferTemp -Confirm:$false -ErrorAction SilentlyContinue -ErrorVariable refused)
if ($refused) { Write-Journal "$($refused.Count) expired files could not be removed: $($refused[0])" }

try {
    $result = Start-StateTransfer $Source $Destination -AllowStreaming -Confirm:$false -WarningVariable notices -WarningAction SilentlyContinue
}
catch {
    $id = ($_.FullyQualifiedErrorId -split ',')[0]
    Write-Journal "Failed ${id}: $($_.Exception.Message) $($_.ErrorDetails.RecommendedAction)"
    exit 1
}

Write-Journal ('{0} {1}: {2} inserted, {3} updated, {4} deleted, verified {5}, {6:n1} s, transfer {7}, {8} old files removed' -f
    $result.Status, $result.Mode, $result.RowsInserted, $result.RowsUpdated, $result.RowsDeleted, $result.Verified,
    $result.Elapsed.TotalSeconds, $result.Id, $removed.Count)
foreach ($notice in $notices) { Write-Journal "Notice: $notice" }

switch ($result.Status) {
    { $_ -in 'Completed', 'AlreadyInState', 'NothingToSend', 'WhatIf' } { exit 0 }
    'Cancelled' { exit 2 }
    'Unknown' {
        Write-Journal "Settle it: Get-StateTransfer $($result.Id) -Settle"
        exit 3
    }
    default { exit 1 }
}
