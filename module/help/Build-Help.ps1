# Makes the module's help file of the pages beside this script and the cmdlets' own parameters.
# Run it after a build when a page or a parameter changed; what it writes is committed, and a test holds it to the pages.
param(
    [string] $Module = "$PSScriptRoot/../LoggerCms/LoggerCms.psd1",
    [string] $OutputPath = "$PSScriptRoot/../LoggerCms/en-US/LoggerCms.PowerShell.dll-Help.xml"
)
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 3

$namespaces = @{
    maml    = 'http://schemas.microsoft.com/maml/2004/10'
    command = 'http://schemas.microsoft.com/maml/dev/command/2004/10'
    dev     = 'http://schemas.microsoft.com/maml/dev/2004/10'
}

function Start-Element([string] $Prefix, [string] $Name) { $xml.WriteStartElement($Prefix, $Name, $namespaces[$Prefix]) }
function Stop-Element { $xml.WriteEndElement() }
function Write-Element([string] $Prefix, [string] $Name, [string] $Text) { $xml.WriteElementString($Prefix, $Name, $namespaces[$Prefix], $Text) }

# A page: title, synopsis, description, and sections "## -Parameter" or "## Example: title".
function Read-Page([string] $Path) {
    $page = @{ Text = ''; Parameter = @{}; Example = [System.Collections.Generic.List[object]]::new() }
    $parts = (Get-Content $Path -Raw).ReplaceLineEndings("`n") -split '(?m)^## '
    $page.Text = ($parts[0] -replace '(?m)\A# .*\n').Trim()
    foreach ($part in $parts | Select-Object -Skip 1) {
        $title, $body = $part -split "`n", 2
        if ($title -like '-*') {
            $page.Parameter[$title.Trim().TrimStart('-')] = $body.Trim()
        }
        elseif ($body -match '(?s)```powershell\n(.*?)\n```\n(.*)') {
            $page.Example.Add(@{ Title = ($title -replace '^Example: ').Trim(); Code = $Matches[1]; Remark = $Matches[2].Trim() })
        }
    }
    $page
}

function Write-Paragraph([string] $Text) {
    foreach ($paragraph in $Text -split '\n\s*\n') {
        Write-Element maml para (($paragraph -replace '`', '' -replace '\s*\n', ' '))
    }
}

function Write-Parameter($Parameter, [string] $Text) {
    $type = $Parameter.ParameterType
    Start-Element command parameter
    $xml.WriteAttributeString('required', "$($Parameter.IsMandatory)".ToLowerInvariant())
    $xml.WriteAttributeString('globbing', "$([bool]($Parameter.Attributes | Where-Object { $_ -is [SupportsWildcards] }))".ToLowerInvariant())
    $pipeline = @(
        if ($Parameter.ValueFromPipeline) { 'ByValue' }
        if ($Parameter.ValueFromPipelineByPropertyName) { 'ByPropertyName' }
    )
    $xml.WriteAttributeString('pipelineInput', ($pipeline ? "True ($($pipeline -join ', '))" : 'False'))
    $xml.WriteAttributeString('position', ($Parameter.Position -ge 0 ? "$($Parameter.Position)" : 'named'))
    Write-Element maml name $Parameter.Name
    Start-Element maml description
    Write-Paragraph $Text
    Stop-Element
    if ($type -ne [switch]) {
        Start-Element command parameterValue
        $xml.WriteAttributeString('required', 'true')
        $xml.WriteString([Microsoft.PowerShell.ToStringCodeMethods]::Type([psobject]([Nullable]::GetUnderlyingType($type) ?? $type)) -replace '^.*\.')
        Stop-Element
    }
    Start-Element dev type
    Write-Element maml name $type.Name
    Stop-Element
    Stop-Element
}

Import-Module $Module
$common = [System.Management.Automation.PSCmdlet]::CommonParameters
$shared = (Read-Page "$PSScriptRoot/_Shared.md").Parameter

$settings = [System.Xml.XmlWriterSettings]@{ Indent = $true; NewLineChars = "`n"; Encoding = [System.Text.UTF8Encoding]::new($false) }
$xml = [System.Xml.XmlWriter]::Create((New-Item $OutputPath -Force).FullName, $settings)
$xml.WriteStartElement('helpItems', 'http://msh')
$xml.WriteAttributeString('schema', 'maml')
foreach ($prefix in 'maml', 'command', 'dev') {
    $xml.WriteAttributeString('xmlns', $prefix, 'http://www.w3.org/2000/xmlns/', $namespaces[$prefix])
}
foreach ($cmdlet in Get-Command -Module LoggerCms | Sort-Object Name) {
    $page = Read-Page "$PSScriptRoot/$($cmdlet.Name).md"
    $synopsis, $description = $page.Text -split '\n\s*\n', 2
    $text = { param($name) $page.Parameter[$name] ?? $shared[$name] ?? $(throw "$($cmdlet.Name) -$name has no text.") }

    Start-Element command command
    Start-Element command details
    Write-Element command name $cmdlet.Name
    Start-Element maml description
    Write-Paragraph $synopsis
    Stop-Element
    Write-Element command verb $cmdlet.Verb
    Write-Element command noun $cmdlet.Noun
    Stop-Element
    Start-Element maml description
    Write-Paragraph $description
    Stop-Element

    Start-Element command syntax
    foreach ($set in $cmdlet.ParameterSets) {
        Start-Element command syntaxItem
        Write-Element maml name $cmdlet.Name
        foreach ($parameter in $set.Parameters | Where-Object Name -notin $common) {
            Write-Parameter $parameter (& $text $parameter.Name)
        }
        Stop-Element
    }
    Stop-Element

    Start-Element command parameters
    foreach ($group in $cmdlet.ParameterSets.Parameters | Where-Object Name -notin $common | Group-Object Name) {
        Write-Parameter $group.Group[0] (& $text $group.Name)
    }
    Stop-Element

    Start-Element command returnValues
    foreach ($output in $cmdlet.OutputType) {
        Start-Element command returnValue
        Start-Element dev type
        Write-Element maml name $output.Name
        Stop-Element
        Stop-Element
    }
    Stop-Element

    Start-Element command examples
    $number = 0
    foreach ($example in $page.Example) {
        $number++
        Start-Element command example
        Write-Element maml title "--- Example $number`: $($example.Title) ---"
        Write-Element dev code $example.Code
        Start-Element dev remarks
        Write-Paragraph $example.Remark
        Stop-Element
        Stop-Element
    }
    Stop-Element
    Stop-Element
}
Stop-Element
$xml.Dispose()
Add-Content $OutputPath ''
