# What the Pester files share. Dot-source it in BeforeAll.
$Root = (Resolve-Path "$PSScriptRoot/../..").Path
$ModulePath = Join-Path $Root 'module/LoggerCms/LoggerCms.psd1'

# Transfers keep their records, and nodes their data, where no other run sees them: beside the test's folder, of which Pester takes away what a Describe
# made, also under a node that runs on. Invoke-PesterFile.ps1 removes it.
function Set-TestHome([string] $Folder) { $env:LOGGERCMS_HOME = $global:LoggerCmsTestHome = "$Folder.home" }

# Runs a script block's text in a fresh shell and gives its output as text.
function Invoke-FreshShell {
    param([string] $Script, [string] $Module = $ModulePath)
    & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -Command "Import-Module '$Module'`n$Script" 2>&1 | ForEach-Object { "$_" }
}

# A copy of the module whose engine is the scripted one; gives the manifest's path.
function New-ScriptedModule {
    param([string] $Folder, [string] $Configuration)
    $scripted = Join-Path $Root "tests/LoggerCms.ScriptedEngine/bin/$Configuration/net10.0"
    if (-not (Test-Path "$scripted/LoggerCms.Databases.dll")) {
        throw "The scripted engine is not built in $Configuration; build tests/LoggerCms.PowerShell.Tests."
    }
    $copy = New-Item -ItemType Directory (Join-Path $Folder 'LoggerCms')
    Copy-Item "$Root/module/LoggerCms/*" $copy -Recurse -Exclude bin
    $engine = New-Item -ItemType Directory "$copy/bin/engine"
    Copy-Item "$Root/module/LoggerCms/bin/*.dll" "$copy/bin"
    Copy-Item "$scripted/LoggerCms.Databases.*" $engine
    Join-Path $copy 'LoggerCms.psd1'
}

# Two small SQLite sides, a.db as it should be and b.db stale, made of the examples' own files.
function New-Sides {
    param([string] $Folder)
    foreach ($name in 'a.db', 'b.db') {
        Copy-Item (Join-Path $Root "examples/sides/$name") (Join-Path $Folder $name)
    }
}
