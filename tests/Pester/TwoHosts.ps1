# Two hosts for the Pester files: network namespaces that are joined by one cable, with a server for remoting over SSH on the second.

# Why they cannot be made here; nothing where they can.
function Get-TwoHostsObstacle {
    if (-not $IsLinux) { return 'network namespaces are Linux only' }
    if ((id -u) -ne '0') { return 'network namespaces need root' }
    foreach ($program in 'ip', 'ssh', 'ssh-keygen') {
        if (-not (Get-Command $program -CommandType Application -ErrorAction Ignore)) { return "$program is not on PATH" }
    }
    if (-not (Test-Path /usr/sbin/sshd)) { return 'no SSH server (sshd) is installed' }
    $probe = "lcms$PID"
    ip netns add $probe 2>$null
    if ($LASTEXITCODE) { return 'this account may not make network namespaces' }
    ip netns delete $probe
}

# Runs a program that must end well.
function Invoke-Checked {
    $program, $rest = $args
    $text = & $program @rest 2>&1
    if ($LASTEXITCODE) { throw "$args ended with $LASTEXITCODE`: $text" }
}

# Waits for a condition without a fixed pause: until it holds, or with an error after the time.
function Wait-Until([string] $What, [scriptblock] $Condition, [int] $Seconds = 60) {
    $clock = [Diagnostics.Stopwatch]::StartNew()
    $never = [Threading.ManualResetEventSlim]::new()
    while (-not (& $Condition)) {
        if ($clock.Elapsed.TotalSeconds -gt $Seconds) { throw "$What did not happen within $Seconds s" }
        $null = $never.Wait(100)
    }
}

# Makes both hosts; everything that they write is under the folder.
function New-TwoHosts([string] $Folder) {
    $hosts = [pscustomobject]@{
        A = "lcms$PID-a"; B = "lcms$PID-b"
        AddressA = '10.213.7.1'; AddressB = '10.213.7.2'
        Folder = $Folder; Key = "$Folder/key"; Server = $null; Database = $null; DatabaseFolder = $null
    }
    foreach ($name in $hosts.A, $hosts.B) {
        Invoke-Checked ip netns add $name
        Invoke-Checked ip -n $name link set lo up
    }
    Invoke-Checked ip -n $hosts.A link add cable type veth peer name cable netns $hosts.B
    Invoke-Checked ip -n $hosts.A address add "$($hosts.AddressA)/24" dev cable
    Invoke-Checked ip -n $hosts.B address add "$($hosts.AddressB)/24" dev cable
    Set-Cable $hosts up
    Start-SshServer $hosts
    $hosts
}

function Set-Cable($Hosts, [ValidateSet('up', 'down')] [string] $State) {
    Invoke-Checked ip -n $Hosts.B link set cable $State
    Invoke-Checked ip -n $Hosts.A link set cable $State
}

function Start-OnHost([string] $Name, [string] $Output, [string[]] $Command) {
    Start-Process ip -ArgumentList (@('netns', 'exec', $Name) + $Command) -PassThru -RedirectStandardOutput $Output -RedirectStandardError "$Output.err"
}

function Start-SshServer($Hosts) {
    $folder = $Hosts.Folder
    Invoke-Checked ssh-keygen -q -t ed25519 -N '' -f "$folder/hostkey"
    Invoke-Checked ssh-keygen -q -t ed25519 -N '' -f $Hosts.Key
    Copy-Item "$($Hosts.Key).pub" "$folder/authorized"
    # Where sshd separates its privileges; Debian's service makes it at its start.
    $null = New-Item -ItemType Directory /run/sshd -Force
    Set-Content "$folder/sshd_config" @"
Port 2222
ListenAddress $($Hosts.AddressB)
HostKey $folder/hostkey
AuthorizedKeysFile $folder/authorized
PidFile $folder/sshd.pid
PasswordAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
SetEnv LOGGERCMS_HOME=$folder/home-b TMPDIR=$folder
Subsystem powershell $((Get-Process -Id $PID).Path) -sshs -NoLogo
"@
    $Hosts.Server = Start-OnHost $Hosts.B "$folder/sshd.out" '/usr/sbin/sshd', '-D', '-e', '-f', "$folder/sshd_config"
    Wait-Until 'the SSH server' { (ip netns exec $Hosts.B ss -ltn) -match ':2222 ' }
}

# A PostgreSQL server on host A that any account of host B may use; nothing where it is not installed.
function Start-HostDatabase($Hosts) {
    $bin = (Get-ChildItem /usr/lib/postgresql/*/bin/initdb -ErrorAction Ignore | Select-Object -Last 1).DirectoryName
    if (-not $bin -or -not (Get-Command runuser -ErrorAction Ignore) -or -not (id -u postgres 2>$null)) { return $false }
    # The server's account has to get through to its folder.
    $Hosts.DatabaseFolder = (mktemp -d)
    chown postgres $Hosts.DatabaseFolder
    $data = "$($Hosts.DatabaseFolder)/data"
    Push-Location /
    try {
        Invoke-Checked runuser -u postgres '--' "$bin/initdb" -D $data -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync
        Add-Content "$data/pg_hba.conf" "host all all $($Hosts.AddressB)/24 trust"
        $Hosts.Database = Start-OnHost $Hosts.A "$($Hosts.Folder)/postgres.out" 'runuser', '-u', 'postgres', '--', "$bin/postgres", '-D', $data, '-c', 'listen_addresses=*', '-c', 'port=5432', '-c', 'unix_socket_directories=', '-c', 'fsync=off'
        Wait-Until 'the PostgreSQL server' { ip netns exec $Hosts.A "$bin/pg_isready" -q -h $Hosts.AddressA; $LASTEXITCODE -eq 0 }
    }
    finally { Pop-Location }
    $true
}

# What host B has received from that server on its connections by now, in bytes.
function Get-ReceivedBytes($Hosts) {
    $text = ip netns exec $Hosts.B ss -tni dport = :5432 | Out-String
    ([regex]::Matches($text, 'bytes_received:(\d+)') | ForEach-Object { [long] $_.Groups[1].Value } | Measure-Object -Sum).Sum
}

# Runs SQL on host A.
function Invoke-HostSql($Hosts, [string] $Sql) {
    Invoke-Checked ip netns exec $Hosts.A psql -q -v ON_ERROR_STOP=1 -h $Hosts.AddressA -U postgres -c $Sql
}

# Starts a shell on host A that has a session on host B, in $session, and runs the script.
function Start-AdminShell($Hosts, [string] $Output, [string] $Script) {
    $path = "$Output.ps1"
    Set-Content $path @"
`$ErrorActionPreference = 'Stop'
Import-Module '$ModulePath'
`$session = New-PSSession -HostName $($Hosts.AddressB) -Port 2222 -UserName root -KeyFilePath '$($Hosts.Key)' -ConnectingTimeout 60000 -Options @{
    StrictHostKeyChecking = 'no'; UserKnownHostsFile = '$($Hosts.Folder)/known'; LogLevel = 'ERROR'; ServerAliveInterval = '3'; ServerAliveCountMax = '2'
}
Invoke-Command `$session { Import-Module '$ModulePath' }
$Script
"@
    Start-OnHost $Hosts.A $Output (Get-Process -Id $PID).Path, '-NoProfile', '-NonInteractive', '-File', $path
}

# The same, to its end; gives the object that its last line, a compressed JSON text, stands for.
function Invoke-AdminShell($Hosts, [string] $Script, [int] $Seconds = 120) {
    $output = Join-Path $Hosts.Folder "admin-$([guid]::NewGuid())"
    $shell = Start-AdminShell $Hosts $output $Script
    if (-not $shell.WaitForExit($Seconds * 1000)) {
        $shell.Kill($true)
        throw "The admin's shell did not end within $Seconds s: $(Get-Content $output -Raw)"
    }
    if ($shell.ExitCode) { throw "The admin's shell ended with $($shell.ExitCode): $(Get-Content $output, "$output.err" -Raw)" }
    @(Get-Content $output)[-1] | ConvertFrom-Json
}

function Remove-TwoHosts($Hosts) {
    foreach ($process in $Hosts.Server, $Hosts.Database) {
        if ($process -and -not $process.HasExited) { $process.Kill($true) }
    }
    # What still runs on a host is ours: sessions of the server that ended.
    foreach ($name in $Hosts.A, $Hosts.B) {
        foreach ($id in ip netns pids $name) { Stop-Process -Id $id -Force -ErrorAction Ignore }
        ip netns delete $name
    }
    if ($Hosts.DatabaseFolder) { Remove-Item $Hosts.DatabaseFolder -Recurse -Force }
}
