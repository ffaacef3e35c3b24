<#
.SYNOPSIS
    Holds the sides of two servers against each other over remoting and makes the second level with the first.
.DESCRIPTION
    Each server reads its own side, both at the same time, and only the states come back: two equal checksums prove
    equality without a row on the wire. Where they differ, the second server runs the transfer, so -Source must be
    an address that it can reach: postgresql:... or sqlserver:..., not a file.

    With -ComputerName it needs PowerShell remoting and the module LoggerCms on both servers (for remoting over SSH put
    -HostName in the place of -ComputerName below). Without -ComputerName it runs as it stands: two processes of this
    machine stand in for the servers, with copies of the two small sides beside it.
.PARAMETER ComputerName
    Two servers: the source's, then the destination's.
.PARAMETER Source
    The source as both servers reach it.
.PARAMETER Destination
    The destination as the second server reaches it.
.PARAMETER Credential
    As whom to open the remote sessions.
.EXAMPLE
    ./examples/Two-Servers.ps1
.EXAMPLE
    ./examples/Two-Servers.ps1 -ComputerName logger-a, logger-b -Source 'sqlserver:Server=logger-a;Database=cms;Integrated Security=true' -Destination 'sqlserver:Server=logger-b;Database=cms;Integrated Security=true'
#>
[CmdletBinding(DefaultParameterSetName = 'Local')]
param(
    [Parameter(Mandatory, ParameterSetName = 'Remote')] [ValidateCount(2, 2)] [string[]] $ComputerName,
    [Parameter(Mandatory, ParameterSetName = 'Remote')] [string] $Source,
    [Parameter(Mandatory, ParameterSetName = 'Remote')] [string] $Destination,
    [Parameter(ParameterSetName = 'Remote')] [pscredential] $Credential
)
$ErrorActionPreference = 'Stop'

$module = 'LoggerCms'
$local = $PSCmdlet.ParameterSetName -eq 'Local'
if ($local) {
    $module = (Resolve-Path "$PSScriptRoot/../module/LoggerCms").Path
    $ComputerName = 'side A', 'side B'
    $folder = New-Item -ItemType Directory (Join-Path ([IO.Path]::GetTempPath()) "loggercms-servers-$PID")
    Copy-Item "$PSScriptRoot/sides/a.db", "$PSScriptRoot/sides/b.db" $folder
    $Source = Join-Path $folder a.db
    $Destination = Join-Path $folder b.db
}

# Starts a script on a server, or in a process of its own that stands in for one.
function Start-On([string] $Server, [scriptblock] $Script, [object[]] $Arguments) {
    if ($local) { return Start-Job -Name $Server -ScriptBlock $Script -ArgumentList $Arguments }
    $session = @{ ComputerName = $Server }
    if ($Credential) { $session.Credential = $Credential }
    Invoke-Command @session -AsJob -JobName $Server -ScriptBlock $Script -ArgumentList $Arguments
}

$read = {
    param($Module, $Side)
    Import-Module $Module
    Get-SideState $Side
}
$transfer = {
    param($Module, $From, $To)
    Import-Module $Module
    Start-StateTransfer $From $To -Confirm:$false
}

$reading = @(
    Start-On $ComputerName[0] $read $module, $Source
    Start-On $ComputerName[1] $read $module, $Destination
)
$states = $reading | Receive-Job -Wait -AutoRemoveJob | Sort-Object { $_.Side -ne $Source }
$states | Format-Table Side, Tables, Rows, UpdateKey, Checksum, Elapsed

if ($states[0].SchemaVersion -eq $states[1].SchemaVersion -and $states[0].Checksum -eq $states[1].Checksum) {
    'The sides are equal.'
    return
}

$result = Start-On $ComputerName[1] $transfer $module, $Source, $Destination | Receive-Job -Wait -AutoRemoveJob
$result | Format-List Id, Status, Mode, ModeReason, RowsInserted, RowsUpdated, RowsDeleted, Verified, Equal
if ($result.Status -notin 'Completed', 'AlreadyInState', 'NothingToSend') {
    Write-Error "The transfer ended with the status $($result.Status)."
}
