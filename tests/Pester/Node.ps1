# A node of its own for a Pester file. Dot-source it after Common.ps1.
$NodePath = Join-Path $Root 'module/LoggerCms/bin/engine/LoggerCms.Node.dll'

# Starts a node on any free port, whose profile is this shell's admin profile; gives its process.
function Start-TestNode {
    param([string] $Folder, [string] $Name = 'T')
    Set-TestHome $Folder
    $log = Join-Path $Folder "$Name.log"
    $process = Start-Process dotnet -ArgumentList "`"$NodePath`"", '--name', $Name, '--port', '0' -PassThru -RedirectStandardOutput $log -RedirectStandardError "$log.errors"
    while (-not ((Test-Path $log) -and (Get-Content $log -Raw) -match 'is ready at')) {
        if ($process.WaitForExit(50)) { throw "The node did not start: $(Get-Content $log, "$log.errors" -Raw)" }
    }
    $process
}

# Ends it without a chance to tidy up; its folder goes with the file's run.
function Stop-TestNode($Process) {
    if ($Process -and -not $Process.HasExited) {
        $Process.Kill()
        $Process.WaitForExit()
    }
    Remove-Item Env:LOGGERCMS_HOME -ErrorAction Ignore
}

# A folder of its own on the connected node; a login.
function New-Folder { New-CmsObject '/Root Folder' "F $([guid]::NewGuid())" Folder }
function New-Login([string] $Name, [string] $Password) { [pscredential]::new($Name, (ConvertTo-SecureString $Password -AsPlainText -Force)) }
