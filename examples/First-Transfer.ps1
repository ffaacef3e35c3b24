<#
.SYNOPSIS
    A first state transfer: what each side holds, how they differ, what a transfer would do, the transfer, the proof.
.DESCRIPTION
    Runs as it stands: without parameters it takes copies of the two small sides beside it and leaves them,
    level, in a temporary folder for you to look at. With your own sides it asks before it overwrites anything.
.PARAMETER Source
    The side whose state is right: a path of a SQLite file, postgresql:..., sqlserver:..., or the output of New-SideConnection.
.PARAMETER Destination
    The side that is brought to that state.
.EXAMPLE
    ./examples/First-Transfer.ps1
.EXAMPLE
    ./examples/First-Transfer.ps1 -Source ./good.db -Destination ./stale.db
#>
[CmdletBinding(DefaultParameterSetName = 'Sample')]
param(
    [Parameter(Mandatory, ParameterSetName = 'Own')] $Source,
    [Parameter(Mandatory, ParameterSetName = 'Own')] $Destination
)
$ErrorActionPreference = 'Stop'
Import-Module "$PSScriptRoot/../module/LoggerCms"

$answer = @{}
if ($PSCmdlet.ParameterSetName -eq 'Sample') {
    $folder = New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "loggercms-sides-$PID")
    Copy-Item "$PSScriptRoot/sides/a.db", "$PSScriptRoot/sides/b.db" $folder
    $Source = New-SideConnection (Join-Path $folder a.db) -Name A
    $Destination = New-SideConnection (Join-Path $folder b.db) -Name B
    $answer = @{ Confirm = $false }
    "Copies of the sample sides are in $folder"
}

'1. What each side holds'
Get-SideState $Source, $Destination | Format-Table

'2. How they differ'
(Compare-SideState $Source $Destination).TableComparisons | Format-Table

'3. What a transfer would do'
Start-StateTransfer $Source $Destination -WhatIf | Format-List

'4. The transfer'
$result = Start-StateTransfer $Source $Destination @answer
$result | Format-List
$result.Phases | Format-Table

'5. The proof'
$after = Compare-SideState $Source $Destination
$after | Format-Table
if (-not $after.Equal) {
    Write-Error "The sides still differ; the transfer ended with the status $($result.Status)."
}

"To bring the destination back to what it held before: Undo-StateTransfer $($result.Id)"
