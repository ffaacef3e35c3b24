# Runs one Pester file in this process and writes an NUnit report. Exit codes: 0 passed, 1 failed, 3 no Pester.
param(
    [Parameter(Mandatory)] [string] $Path,
    [string] $Report,
    [string] $Configuration = 'Debug'
)
$ErrorActionPreference = 'Stop'

if (-not (Get-Module Pester -ListAvailable | Where-Object Version -ge '5.0')) {
    'Pester 5 or later is not installed.'
    exit 3
}

$settings = New-PesterConfiguration
$settings.Run.Container = New-PesterContainer -Path $Path -Data @{ Configuration = $Configuration }
$settings.Run.PassThru = $true
$settings.Output.Verbosity = 'Detailed'
if ($Report) {
    $settings.TestResult.Enabled = $true
    $settings.TestResult.OutputFormat = 'NUnit2.5'
    $settings.TestResult.OutputPath = $Report
}
$result = Invoke-Pester -Configuration $settings
if (Test-Path Variable:LoggerCmsTestHome) { Remove-Item $LoggerCmsTestHome -Recurse -Force -ErrorAction Ignore }
exit ($result.Result -eq 'Passed' ? 0 : 1)
