# The help is complete, in step with its pages, and every example in it runs on a pair of small sides, under the strict mode of whoever pastes it too.
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
    # These ask a node: one is shared by all of their examples.
    $ofNode = '-Cms(Object|Right|RightInheritance|User|Group|GroupMember|Password|Token|AuditEvent|Side)$'
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

    It '<Name>, <Title>, runs' -ForEach ($examples | Where-Object Name -NotMatch $ofNode) {
        $ConfirmPreference = 'None'
        $errorsBefore = $Error.Count
        $output = . ([scriptblock]::Create("Set-StrictMode -Version Latest`n$Code")) 6>$null
        $Error.Count | Should -Be $errorsBefore
        if ($Name -in 'Get-SideState', 'Compare-SideState', 'Start-StateTransfer', 'Undo-StateTransfer', 'New-SideConnection') {
            $output | Should -Not -BeNullOrEmpty
        }
    }
}

Describe 'The examples that ask a node' {
    BeforeAll {
        . "$PSScriptRoot/Common.ps1"
        . "$PSScriptRoot/Node.ps1"
        Import-Module $ModulePath
        $node = Start-TestNode $TestDrive
        # Stands in for the prompt.
        function Get-Credential([string] $UserName = 'newcomer') { [pscredential]::new($UserName, (ConvertTo-SecureString 'Pass-1 word' -AsPlainText -Force)) }
    }

    AfterAll { Stop-TestNode $node }

    BeforeEach {
        # Some connect to another node, or as somebody else.
        Connect-Cms
        $ConfirmPreference = 'None'
        foreach ($path in '/Root Folder/Sales', '/Root Folder/Archive') {
            Find-CmsObject -Kind Folder -Name (Split-Path $path -Leaf) | Where-Object Path -eq $path | Remove-CmsObject -Recurse
            $null = New-CmsObject '/Root Folder' (Split-Path $path -Leaf) Folder
        }
        Get-CmsUser | Where-Object Id -gt 999 | Remove-CmsUser
        Get-CmsGroup | Where-Object Id -gt 999 | Remove-CmsGroup
        $null = 'Q1', 'Q2' | ForEach-Object { New-CmsObject '/Root Folder/Sales' $_ Pdf -Property @{ SI_KEYWORD = 'k'; Pages = 3 } }
        $null = New-CmsGroup 'Sales Team'
        $null = New-CmsUser jane -Group 'Sales Team'
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid()))
        Set-Content "$folder/docs.csv" 'Path,Name,Kind,SI_KEYWORD', '/Root Folder/Sales,First,Pdf,a', '/Root Folder/Sales,Second,Pdf,b'
        Push-Location $folder
    }

    AfterEach { Pop-Location }

    It '<Name>, <Title>, runs' -ForEach ($examples | Where-Object Name -Match $ofNode) {
        $errorsBefore = $Error.Count
        $output = . ([scriptblock]::Create("Set-StrictMode -Version Latest`n$Code")) 6>$null
        $Error.Count | Should -Be $errorsBefore
        if ($Name -match '^(Get|Find|Test|New|Export|Import|Backup)-' -and $Title -notmatch 'denied today|one object|for yourself|end soon|set by hand|in no group|ask in a script') {
            $output | Should -Not -BeNullOrEmpty
        }
    }
}
