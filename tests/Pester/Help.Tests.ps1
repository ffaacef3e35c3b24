# The help is complete, in step with its pages, and every example in it runs on a pair of small sides.
param([string] $Configuration = 'Debug')

BeforeDiscovery {
    . "$PSScriptRoot/Common.ps1"
    Import-Module $ModulePath
    $common = [System.Management.Automation.PSCmdlet]::CommonParameters
    $cmdlets = Get-Command -Module LoggerCms | ForEach-Object {
        $help = Get-Help $_.Name -Full
        @{
            Name       = $_.Name
            Help       = $help
            Parameters = @($_.Parameters.Keys | Where-Object { $_ -notin $common })
        }
    }
    $examples = foreach ($cmdlet in $cmdlets) {
        foreach ($example in $cmdlet.Help.examples.example) {
            @{ Name = $cmdlet.Name; Title = $example.title.Trim('- '); Code = $example.code }
        }
    }
}

Describe 'The help of <Name>' -ForEach $cmdlets {
    It 'has a synopsis and a description' {
        $Help.Synopsis | Should -Not -BeNullOrEmpty
        $Help.Synopsis | Should -Not -Match "^\s*$Name"
        ($Help.description | Out-String).Trim().Length | Should -BeGreaterThan 60
    }

    It 'describes every parameter and no other' {
        $described = @($Help.parameters.parameter | Where-Object { ($_.description | Out-String).Trim() } | ForEach-Object name)
        $described | Sort-Object | Should -Be ($Parameters | Sort-Object)
    }

    It 'has at least two examples' {
        @($Help.examples.example).Count | Should -BeGreaterOrEqual 2
    }
}

Describe 'The help file' {
    It 'is what its pages say' {
        . "$PSScriptRoot/Common.ps1"
        $made = Join-Path $TestDrive 'help.xml'
        & (Get-Process -Id $PID).Path -NoProfile -File "$Root/module/help/Build-Help.ps1" -OutputPath $made
        Get-Content $made -Raw | Should -Be (Get-Content "$Root/module/LoggerCms/en-US/LoggerCms.PowerShell.dll-Help.xml" -Raw)
    }

    It 'about_LoggerCms is found' {
        . "$PSScriptRoot/Common.ps1"
        Invoke-FreshShell "(Get-Help about_LoggerCms) -match 'update key'" | Should -Not -BeNullOrEmpty
        Invoke-FreshShell "(Get-Help about_LoggerCms_Troubleshooting) -match 'GetTempFileName'" | Should -Not -BeNullOrEmpty
    }
}

Describe 'The examples' {
    BeforeAll {
        . "$PSScriptRoot/Common.ps1"
        Import-Module $ModulePath
        Set-TestHome $TestDrive
        # Stands in for the prompt.
        function Get-Credential { [pscredential]::new('admin', (ConvertTo-SecureString 'secret' -AsPlainText -Force)) }
    }

    AfterAll { Remove-Item Env:LOGGERCMS_HOME }

    BeforeEach {
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid()))
        New-Sides $folder
        Copy-Item "$Root/examples/traces/*.txt" $folder
        Push-Location $folder
    }

    AfterEach { Pop-Location }

    It '<Name>, <Title>, runs' -ForEach $examples {
        $ConfirmPreference = 'None'
        $errorsBefore = $Error.Count
        $output = . ([scriptblock]::Create($Code)) 6>$null
        $Error.Count | Should -Be $errorsBefore
        if ($Name -in 'Get-SideState', 'Compare-SideState', 'Start-StateTransfer', 'Undo-StateTransfer', 'New-SideConnection') {
            $output | Should -Not -BeNullOrEmpty
        }
    }
}
