<#
.SYNOPSIS
    Builds, tests and packages LoggerCms.
.DESCRIPTION
    Build    builds the solution and stages the module in module/LoggerCms.
    Test     builds, and runs every test; what a machine lacks is skipped by name.
    Package  makes a module folder for each platform, out/PLATFORM/LoggerCms/VERSION, compiled ahead of time for it
             (ReadyToRun), that can be copied to a folder of PSModulePath, and prints its size.
    Help     makes the module's help file of its pages (after Build).
.PARAMETER Task
    What to do.
.PARAMETER Configuration
    Debug or Release. Package is always Release.
.PARAMETER Runtime
    The platforms to package for.
.PARAMETER Portable
    One package, out/portable/LoggerCms/VERSION, that runs on all of these platforms. It is not compiled ahead of time, so it starts slower.
.EXAMPLE
    ./build.ps1 Test
.EXAMPLE
    ./build.ps1 Package -Runtime linux-x64
.EXAMPLE
    ./build.ps1 Package -Runtime linux-x64, win-x64 -Portable
#>
[CmdletBinding()]
param(
    [Parameter(Position = 0)]
    [ValidateSet('Build', 'Test', 'Package', 'Help')]
    [string] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Debug',

    [ValidateSet('linux-x64', 'linux-arm64', 'linux-musl-x64', 'osx-arm64', 'osx-x64', 'win-x64', 'win-arm64')]
    [string[]] $Runtime = @('linux-x64', 'win-x64', 'osx-arm64'),

    [switch] $Portable
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

# The package's folder with all that is not compiled.
function New-PackageFolder([string] $Name) {
    $source = Join-Path $PSScriptRoot 'module/LoggerCms'
    $version = (Import-PowerShellDataFile "$source/LoggerCms.psd1").ModuleVersion
    $target = Join-Path $PSScriptRoot "out/$Name/LoggerCms/$version"
    if (Test-Path $target) { Remove-Item $target -Recurse }
    $null = New-Item -ItemType Directory $target
    Get-ChildItem $source -Exclude bin | Copy-Item -Destination $target -Recurse
    Copy-Item (Join-Path $PSScriptRoot 'LICENSE') $target
    $target
}

# ReadyToRun needs two packages more than the build: the compiler, and the platform's runtime to compile against.
function Test-ReadyToRun([string[]] $Arguments) {
    $log = & dotnet restore src/LoggerCms.PowerShell @Arguments -p:PublishReadyToRun=true 2>&1
    if (-not $LASTEXITCODE) { return $true }
    Write-Warning "The package will not be compiled ahead of time and starts slower, because ReadyToRun's packages cannot be had: $($log -match 'error' | Select-Object -First 1)"
    $false
}

function New-PlatformPackage([string] $Platform) {
    $target = New-PackageFolder $Platform
    # A folder of its own for what the compiler writes, so that this never meets a build.
    $common = '-r', $Platform, '--artifacts-path', 'artifacts/package', '-v', 'q',
        '-p:UseAppHost=false', '-p:DisableTransitiveFrameworkReferenceDownloads=true'
    $readyToRun = Test-ReadyToRun $common
    $common += '-c', 'Release', '--no-self-contained', '-nologo', "-p:PublishReadyToRun=$readyToRun"
    Invoke-Dotnet publish src/LoggerCms.PowerShell @common -o "$target/bin"
    # What a project that is built first leaves beside; the node's place is the engine's folder.
    Remove-Item "$target/bin/LoggerCms.Node.*" -ErrorAction Ignore
    # The node runs from the same folder. The client comes last: what both have is then as a shell needs it, without ASP.NET Core.
    Invoke-Dotnet publish src/LoggerCms.Node @common -o "$target/bin/engine"
    Invoke-Dotnet publish src/LoggerCms.Client @common -o "$target/bin/engine"
    Remove-Item "$target/bin/engine/LoggerCms.Client.runtimeconfig.json" -ErrorAction Ignore
    Get-ChildItem "$target/bin" -Recurse -Include *.pdb, *.xml | Remove-Item

    '{0}: {1:n1} MB for {2}, {3}' -f $target, ((Get-FolderSize $target) / 1MB), $Platform, ($readyToRun ? 'ReadyToRun' : 'not ReadyToRun')
}

function New-PortablePackage {
    $target = New-PackageFolder 'portable'
    Invoke-Dotnet build src/LoggerCms.PowerShell -c Release -nologo -v q "-p:ModuleFolder=$target/"

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
        'Package' { if ($Portable) { New-PortablePackage } else { $Runtime | ForEach-Object { New-PlatformPackage $_ } } }
        # In a shell of its own, so that the module's files are free afterwards.
        'Help' { & (Get-Process -Id $PID).Path -NoProfile -File module/help/Build-Help.ps1 }
    }
}
finally {
    Pop-Location
}
