<#
.SYNOPSIS
    The first hour with a node: start it, load objects from a CSV file, set rights, look at the audit, kill it, find everything again.
.DESCRIPTION
    Works in a folder of its own with a LoggerCms home of its own, so that no node of yours is touched, and leaves nothing behind.
    Ends with exit code 0 only if every object that was acknowledged is there after the kill, once.
.PARAMETER Count
    How many objects are loaded.
.EXAMPLE
    pwsh -NoProfile -NonInteractive -File ./examples/Node-First-Hour.ps1
#>
[CmdletBinding()]
param([ValidateRange(1, 1000000)] [int] $Count = 10000)
$ErrorActionPreference = 'Stop'
$ConfirmPreference = 'None'
Import-Module "$PSScriptRoot/../module/LoggerCms"

$folder = New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "loggercms-first-hour-$PID")
$homeBefore = $env:LOGGERCMS_HOME
$env:LOGGERCMS_HOME = Join-Path $folder home
$node = $null
try {
    '--- Start a node. It needs no set-up: SQLite, an authority and an admin profile of its own.'
    $node = Start-CmsNode FirstHour -Port 0
    $node | Format-Table Name, State, Endpoint, Database
    Connect-Cms -Profile FirstHour

    '--- Load objects from a CSV file, by pipeline.'
    $file = Join-Path $folder documents.csv
    1..$Count | ForEach-Object { [pscustomobject]@{ Path = '/Root Folder/Sales'; Name = "Document $_"; Kind = 'Pdf'; SI_KEYWORD = "region $($_ % 7)" } } | Export-Csv $file
    $sales = New-CmsObject '/Root Folder' Sales Folder
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $made = Import-Csv $file | New-CmsObject -IncludeProperty SI_*
    '{0:N0} objects in {1:N1} s' -f $made.Count, $clock.Elapsed.TotalSeconds
    Find-CmsObject "SELECT TOP 3 SI_ID, SI_NAME, SI_KEYWORD FROM CI_INFOOBJECTS WHERE SI_KEYWORD = 'region 3' ORDER BY SI_ID" | Format-Table

    '--- Set rights: a group reads, one of its members may not touch one document.'
    $null = New-CmsGroup Sellers
    $null = New-CmsUser jane -Group Sellers
    Grant-CmsRight $sales.Path Sellers View, Edit
    Deny-CmsRight "$($sales.Path)/Document 1" jane Edit
    Test-CmsRight "$($sales.Path)/Document 1" Edit jane -Explain | Format-List Granted, Reason, Steps
    Test-CmsRight "$($sales.Path)/Document 2" Edit jane | Format-List Granted, Reason

    '--- Look at the audit.'
    $document = Get-CmsObject "$($sales.Path)/Document 1"
    # An event reaches the audit database a moment after the change that it tells of.
    while (-not ($document | Get-CmsAuditEvent -Action Update)) { Start-Sleep -Milliseconds 200 }
    $document | Get-CmsAuditEvent | Format-Table Time, Principal, Action, Result, ObjectName
    '{0:N0} events about Sales and what is in it' -f (Get-CmsAuditEvent -Text /Sales | Measure-Object).Count

    '--- Kill the node, as a power cut would: nothing is tidied up.'
    $process = Get-Process -Id $node.ProcessId
    $process.Kill()
    $process.WaitForExit()

    '--- Start it again. Delta files bring back what was not in the database yet.'
    $node = Start-CmsNode FirstHour -Port 0
    Connect-Cms -Profile FirstHour
    $node.Reconcile | Format-List Status, Records, Applied, AlreadyThere

    $found = Get-CmsObject $sales.Path -Children
    $missing = @(Compare-Object $made.Id $found.Id).Count
    $right = Test-CmsRight "$($sales.Path)/Document 1" Edit jane -Quiet
    '{0:N0} of {1:N0} objects are there, {2} differ; jane may edit Document 1: {3}' -f $found.Count, $made.Count, $missing, $right
    if ($found.Count -ne $Count -or $missing -ne 0 -or $right) { throw 'Something that was acknowledged is not as it was.' }

    '--- Stop it. Everything is in the database then, and no delta file is left.'
    $deltas = $node.DeltaPath
    Stop-CmsNode
    $node = $null
    'Delta files left: {0}' -f @(Get-DeltaFile $deltas).Count
}
finally {
    Disconnect-Cms
    if ($node) { Stop-Process -Id $node.ProcessId -Force -ErrorAction Ignore; Wait-Process -Id $node.ProcessId -Timeout 10 -ErrorAction Ignore }
    $env:LOGGERCMS_HOME = $homeBefore
    Remove-Item $folder -Recurse -Force
}
