# Which node, and as whom: connections and pipelines between two systems whose ids are the same.
param([string] $Configuration = 'Debug')

BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    Set-TestHome $TestDrive
    Import-Module $ModulePath
    $started = [Collections.Generic.List[int]]::new()

    function Start-TestNode([string] $Name, [hashtable] $With = @{ Port = 0 }) {
        $node = Start-CmsNode $Name @With
        $started.Add($node.ProcessId)
        $node
    }

    function New-Secret([string] $Text) { ConvertTo-SecureString $Text -AsPlainText -Force }
    function Copy-OverRemoting($Object) { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($Object, 1)) }

    $null = Start-TestNode one
    $null = Start-TestNode two
}

AfterAll {
    $started | ForEach-Object { Get-Process -Id $_ -ErrorAction Ignore } | Stop-Process -Force
    Remove-Item Env:LOGGERCMS_HOME
}

Describe 'What was read from another system' {
    BeforeAll {
        $theirs = New-CmsObject '/Root Folder' 'old report' Folder -Connection one
        $ours = New-CmsObject '/Root Folder' 'payroll' Folder -Connection two
        $temp = New-CmsUser temp -Connection one
        $boss = New-CmsUser boss -Connection two
        Grant-CmsRight $theirs.Path temp View -Connection one
        Grant-CmsRight $ours.Path boss View -Connection two
        $entry = Get-CmsRight $theirs.Path -ExplicitOnly -Connection one
        $clixml = Copy-OverRemoting $theirs
        $ids = $theirs.Id, $temp.Id
        Connect-Cms -Profile two
    }

    AfterAll { Disconnect-Cms }

    It 'has the ids that other objects have here' {
        $ids | Should -Be $ours.Id, $boss.Id
    }

    It 'is refused: <Code>' -ForEach @(
        @{ Code = '$theirs | Remove-CmsObject -Recurse -Confirm:$false' }
        @{ Code = '$theirs | Remove-CmsObject -Recurse -WhatIf' }
        @{ Code = '$clixml | Remove-CmsObject -Recurse -Confirm:$false' }
        @{ Code = '$theirs | Set-CmsObject -Property @{ SI_X = 1 }' }
        @{ Code = '$theirs | Set-CmsObject -Property @{ SI_X = 1 } -Force -WhatIf' }
        @{ Code = '$theirs | Move-CmsObject -Destination /Users' }
        @{ Code = '$theirs | Grant-CmsRight -Principal Everyone -Right View' }
        @{ Code = '$theirs | Set-CmsRightInheritance -FromFolder $false' }
        @{ Code = '$theirs | Get-CmsObject' }
        @{ Code = '$theirs | Get-CmsRight' }
        @{ Code = '$theirs | Test-CmsRight -Right View' }
        @{ Code = '$theirs | Export-CmsObject' }
        @{ Code = '$entry | Revoke-CmsRight' }
        @{ Code = '$entry | Grant-CmsRight -Path $ours.Path' }
        @{ Code = '$temp | Get-CmsUser' }
        @{ Code = '$temp | Remove-CmsUser -Confirm:$false' }
        @{ Code = '$temp | Remove-CmsUser -WhatIf' }
        @{ Code = '$temp | Set-CmsPassword -Password (New-Secret 1)' }
        @{ Code = '$temp | Add-CmsGroupMember Administrators' }
        @{ Code = '$temp | New-CmsToken theirs' }
        @{ Code = '$temp | Get-CmsToken' }
        @{ Code = '$temp | Grant-CmsRight -Path $ours.Path -Right Edit' }
        @{ Code = 'Find-CmsObject "SELECT SI_ID, SI_CUID FROM CI_INFOOBJECTS WHERE SI_NAME = ''old report''" -Connection one | Remove-CmsObject -Confirm:$false' }
    ) {
        $errors = $null
        try {
            . ([scriptblock]::Create("$Code -ErrorVariable errors -ErrorAction SilentlyContinue")) | Should -BeNullOrEmpty
        }
        catch { $errors = @($_) }
        $errors.Count | Should -Be 1
        $errors[0].FullyQualifiedErrorId | Should -BeLike 'ObjectNotFound,*'
        "$($errors[0])" | Should -Match 'another system'
        $errors[0].ErrorDetails.RecommendedAction | Should -Match '-Connection'

        (Get-CmsObject $ours.Path).Version | Should -Be 2
        (Get-CmsRight $ours.Path -ExplicitOnly | ForEach-Object { "$($_.Principal) $($_.Right)" }) | Should -Be 'boss View'
        (Get-CmsUser boss).Version | Should -Be $boss.Version
        Get-CmsToken theirs | Should -BeNullOrEmpty
    }

    It 'is taken where it was read, and a plan says the path that the node has' {
        $before = Get-CmsObject $theirs.Path -Connection one
        $null = Set-CmsObject $theirs.Path -Name 'new report' -Connection one
        Invoke-FreshShell "Get-CmsObject -Id $($before.Id) -Connection one | ForEach-Object { `$_ | Select-Object Id, Cuid, @{ n = 'Path'; e = { '/Root Folder/old report' } } } | Remove-CmsObject -WhatIf -Connection one" |
            Out-String | Should -Match '/Root Folder/new report'
        $before | Remove-CmsObject -Force -Confirm:$false -Connection one
        { Get-CmsObject -Id $before.Id -Connection one -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectNotFound,*'
        $temp | Remove-CmsUser -Confirm:$false -Connection one
        Get-CmsUser -Connection one | ForEach-Object Name | Should -Not -Contain temp
    }
}
