<#
.SYNOPSIS
    Makes the incident of the field on this machine: a service that cannot use its own temp folder; and ends it.
.DESCRIPTION
    Needs Linux, root, useradd and setpriv, because it makes a service account of its own, which is removed at the end together with everything else.

    The service's transfer fails. Its trace says why, Find-LoggerFault names the cause with a command, the command repairs the folder
    for that one account, the next transfer works, and Restore-TempAcl takes the right back. Each step is told; the exit code is
    0 only where each step went as it should.
.EXAMPLE
    sudo pwsh ./examples/Temp-Folder-Incident.ps1
#>
[CmdletBinding()]
param()
$ErrorActionPreference = 'Stop'
if (-not $IsLinux -or (id -u) -ne '0' -or @(Get-Command useradd, setpriv -CommandType Application -ErrorAction Ignore).Count -lt 2) {
    throw 'This example makes a service account: run it on Linux, as root, where useradd and setpriv are installed.'
}
Import-Module "$PSScriptRoot/../module/LoggerCms"

$account = "lgr$PID"
$place = "/var/tmp/loggercms-incident-$PID"
$temp = "$place/temp"
$shell = (Get-Process -Id $PID).Path
$wrong = 0

function Write-Step([string] $Step, [bool] $AsExpected, $What) {
    if (-not $AsExpected) { $script:wrong++ }
    "$(if ($AsExpected) { 'as expected' } else { 'NOT as expected' }): $Step"
    "$What".Trim() -split '\r?\n' | ForEach-Object { "    $_" }
}

# The service: its account, its own temp folder, its own home.
function Invoke-Service([string] $Script) {
    $environment = "HOME=$place/home", "LOGGERCMS_HOME=$place/home", "TMPDIR=$temp", 'NO_COLOR=1'
    setpriv "--reuid=$account" "--regid=$account" --init-groups env -C $place @environment $shell -NoProfile -NonInteractive -Command "
        Import-Module '$PSScriptRoot/../module/LoggerCms'
        try { (Start-StateTransfer ./b.db ./a.db -Confirm:`$false).Status }
        catch { `$_.FullyQualifiedErrorId; `$_.ErrorDetails.Message }
        (Get-StateTransfer | Select-Object -First 1).TracePath" 2>&1 | ForEach-Object { "$_" }
}

try {
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin $account
    $null = New-Item -ItemType Directory $place, $temp, "$place/home"
    Copy-Item "$PSScriptRoot/sides/a.db" "$place/b.db"
    Copy-Item "$PSScriptRoot/sides/b.db" "$place/a.db"
    chown -R "${account}:" $place
    chown root: $temp
    chmod 755 $place
    chmod 700 $temp

    $failed = @(Invoke-Service)
    Write-Step 'The transfer fails' ($failed[0] -like 'TempFolderUnusable,*') $failed[1]

    $trace = $failed[-1]
    $finding = Find-LoggerFault -LiteralPath $trace | Select-Object -First 1
    Write-Step 'Its trace says why' ($finding.Cause -in 'AccessDenied', 'TempFolderUnusable') "$($finding.Certainty) $($finding.Cause): $($finding.Message)`nTo paste: $($finding.RemedyCommand)"

    $check = Test-TempAccess -Path $temp -Account $account | Select-Object -Last 1
    Write-Step 'The folder, tried as the service' ($check.Passed -eq $false -and $check.Cause -eq 'AccessDenied') "$($check.Cause), $($check.Method): $($check.Detail)"

    $repair = Repair-TempAcl -Path $temp -Account $account -Confirm:$false
    Write-Step 'The repair' ($repair.Status -eq 'Repaired' -and $repair.Verified) "$($repair.Status): $($repair.Changes -join '; ')"

    $worked = @(Invoke-Service)
    Write-Step 'The transfer works' ($worked[0] -eq 'Completed') $worked[0]

    $equal = (Compare-SideState "$place/b.db" "$place/a.db").Equal
    Write-Step 'The sides are equal' ($equal -eq $true) "Equal: $equal"

    $restore = Restore-TempAcl -Id $repair.Id -Confirm:$false
    Write-Step 'The right is taken back' ($restore.Status -eq 'Restored') "$($restore.Status): $($restore.Changes -join '; ')"
}
finally {
    if (Test-Path $place) { Remove-Item $place -Recurse -Force }
    if (getent passwd $account) { userdel $account }
}
exit [int]($wrong -gt 0)
