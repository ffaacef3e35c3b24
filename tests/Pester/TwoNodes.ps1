# Two nodes of two systems, one and two, for a Pester file: dot-source it in BeforeAll after Common.ps1, and end with Stop-TestNodes.
Set-TestHome $TestDrive
Import-Module $ModulePath
$started = [Collections.Generic.List[int]]::new()

function Start-TestNode([string] $Name, [hashtable] $With = @{ Port = 0 }) {
    $node = Start-CmsNode $Name @With
    $started.Add($node.ProcessId)
    $node
}

function Stop-TestNodes {
    $started | ForEach-Object { Get-Process -Id $_ -ErrorAction Ignore } | Stop-Process -Force
    Remove-Item Env:LOGGERCMS_HOME
}

function New-Secret([string] $Text) { ConvertTo-SecureString $Text -AsPlainText -Force }
function Copy-OverRemoting($Object) { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($Object, 1)) }

# Receive-Job -Wait -AutoRemoveJob removes a thread job a second time now and then, and fails.
function Complete-Job($Job) { $null = Wait-Job $Job; Receive-Job $Job; Remove-Job $Job }

$null = Start-TestNode one
$null = Start-TestNode two
