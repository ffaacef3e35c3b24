<#
.SYNOPSIS
    Builds, tests and packages LoggerCms.
.DESCRIPTION
    Build    builds the solution and stages the module in module/LoggerCms.
    Test     builds, and runs every test; what a machine lacks is skipped by name.
    Package  makes a module folder under out/ that can be copied to a folder of PSModulePath, and prints its size.
    Help     makes the module's help file of its pages (after Build).
.PARAMETER Task
    What to do.
.PARAMETER Configuration
    Debug or Release. Package is always Release.
.PARAMETER Runtime
    The platforms that a package is for.
.EXAMPLE
    ./build.ps1 Test
.EXAMPLE
    ./build.ps1 Package -Runtime linux-x64
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Package', 'Help')]
    [string] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Debug',

    [ValidateSet('linux-x64', 'linux-arm64', 'linux-musl-x64', 'osx-arm64', 'osx-x64', 'win-x64', 'win-arm64')]
    [string[]] $Runtime = @('linux-x64', 'win-x64', 'osx-arm64')
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 3

function Invoke-Dotnet {
    & dotnet @args
    if ($LASTEXITCODE) { throw "dotnet $($args[0]) failed with exit code $LASTEXITCODE." }
}

function Get-FolderSize([string] $Path) {
    (Get-ChildItem $Path -Recurse -File | Measure-Object Length -Sum).Sum
}

function New-Package {
    $source = Join-Path $PSScriptRoot 'module/LoggerCms'
    $version = (Import-PowerShellDataFile "$source/LoggerCms.psd1").ModuleVersion
    $target = Join-Path $PSScriptRoot "out/LoggerCms/$version"
    if (Test-Path $target) { Remove-Item $target -Recurse }
    $null = New-Item -ItemType Directory $target

    Get-ChildItem $source -Exclude bin | Copy-Item -Destination $target -Recurse
    Copy-Item (Join-Path $PSScriptRoot 'LICENSE') $target
    Invoke-Dotnet build (Join-Path $PSScriptRoot 'src/LoggerCms.PowerShell') -c Release -nologo -v q "-p:ModuleFolder=$target/"

    # The folders that the chosen platforms read: their own, and those of their family ('unix', 'win').
    $keep = $Runtime + @(if ($Runtime -like 'win-*') { 'win' }) + @(if ($Runtime -notlike 'win-*') { 'unix' })
    Get-ChildItem "$target/bin/engine/runtimes" -Directory | Where-Object Name -notin $keep | Remove-Item -Recurse

    '{0}: {1:n1} MB for {2}, of which native and per-platform files {3:n1} MB' -f
        $target, ((Get-FolderSize $target) / 1MB), ($Runtime -join ', '), ((Get-FolderSize "$target/bin/engine/runtimes") / 1MB)
}

Push-Location $PSScriptRoot
try {
    switch ($Task) {
        'Build' { Invoke-Dotnet build LoggerCms.sln -c $Configuration -nologo }
        'Test' { Invoke-Dotnet test LoggerCms.sln -c $Configuration -nologo }
        'Package' { New-Package }
        # In a shell of its own, so that the module's files are free afterwards.
        'Help' { & (Get-Process -Id $PID).Path -NoProfile -File module/help/Build-Help.ps1 }
    }
}
finally {
    Pop-Location
}
