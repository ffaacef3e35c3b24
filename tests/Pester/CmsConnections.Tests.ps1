# Connections and pipelines between two systems whose ids are the same.
param([string] $Configuration = 'Debug')

BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    . "$PSScriptRoot/TwoNodes.ps1"
}

AfterAll { Stop-TestNodes }

Describe 'What was read from another system' {
    BeforeAll {
        $theirs = New-CmsObject '/Root Folder' 'old report' Folder -Connection one
        $ours = New-CmsObject '/Root Folder' 'payroll' Folder -Connection two
        $temp = New-CmsUser temp -Connection one
        $boss = New-CmsUser boss -Connection two
        Grant-CmsRight $theirs.Path temp View -Connection one
        Grant-CmsRight $ours.Path boss View -Connection two
        $entry = Get-CmsRight $theirs.Path -ExplicitOnly -Connection one
        $decision = Test-CmsRight $theirs.Path -Right View -Connection one
        $token = New-CmsToken of-temp -User temp -Connection one
        while (-not ($created = Get-CmsAuditEvent -Action Create -Connection one | Where-Object ObjectId -eq $theirs.Id)) { Start-Sleep -Milliseconds 20 }
        $created = $created | Select-Object ObjectId, ObjectCuid
        $row = Find-CmsObject "SELECT SI_ID, SI_PATH FROM CI_INFOOBJECTS WHERE SI_NAME = 'old report'" -Connection one
        $inner = New-CmsObject $theirs.Path inner Txt -Connection one
        Remove-CmsObject $inner.Path -Confirm:$false -Connection one
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
        @{ Code = '$entry | Select-Object * -ExcludeProperty PrincipalCuid | Grant-CmsRight -Path $ours.Path' }
        @{ Code = '$entry | Test-CmsRight -Path $ours.Path' }
        @{ Code = '$temp | Test-CmsRight -Path $ours.Path -Right View' }
        @{ Code = '$inner | New-CmsObject' }
        @{ Code = '$theirs | Get-CmsAuditEvent' }
        @{ Code = '$temp | Get-CmsAuditEvent' }
        @{ Code = '$temp | Get-CmsUser' }
        @{ Code = '$temp | Remove-CmsUser -Confirm:$false' }
        @{ Code = '$temp | Remove-CmsUser -WhatIf' }
        @{ Code = '$temp | Set-CmsPassword -Password (New-Secret 1)' }
        @{ Code = '$temp | Add-CmsGroupMember Administrators' }
        @{ Code = '$temp | New-CmsToken theirs' }
        @{ Code = '$temp | Get-CmsToken' }
        @{ Code = '$decision | Remove-CmsObject -Confirm:$false' }
        @{ Code = '$decision | Set-CmsRightInheritance -FromFolder $false' }
        @{ Code = '$token | Add-CmsGroupMember Administrators' }
        @{ Code = '$token | New-CmsToken theirs' }
        @{ Code = '$token | Grant-CmsRight -Path $ours.Path -Right Edit' }
        @{ Code = '$created | Get-CmsAuditEvent' }
        @{ Code = '$created | Remove-CmsObject -Confirm:$false' }
        @{ Code = '$row | Set-CmsObject -Property @{ SI_X = 1 }' }
        @{ Code = '$row | Remove-CmsObject -Confirm:$false' }
        @{ Code = '$row | Get-CmsRight' }
        @{ Code = '$temp | Grant-CmsRight -Path $ours.Path -Right Edit' }
        @{ Code = '$entry | Select-Object Principal, PrincipalId | Grant-CmsRight -Path $ours.Path -Right Edit' }
        @{ Code = '$temp | Select-Object Id, Path | Get-CmsUser' }
        @{ Code = '$temp | Select-Object Id, Path | Remove-CmsUser -Confirm:$false' }
        @{ Code = '$temp | Select-Object Id, Path | Set-CmsPassword -Password (New-Secret 1)' }
        @{ Code = '$temp | Select-Object Id, Path | Add-CmsGroupMember Administrators' }
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
        Get-CmsToken theirs* | Should -BeNullOrEmpty
    }

    It 'says nothing of an id that is written' {
        ($temp | Get-CmsUser -Id $boss.Id -ErrorAction Stop).Name | Should -Be 'boss'
        $temp | Get-CmsToken -PrincipalId $boss.Id -ErrorAction Stop | Should -BeNullOrEmpty
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

Describe 'A pipeline' {
    It 'is left by break and continue behind it' {
        $before = $Error.Count
        $passed = 0
        foreach ($i in 1..2) {
            Get-CmsObject / -Children -Connection one | ForEach-Object { continue }
            $passed++
        }
        while ($true) { Get-CmsUser -Connection one | ForEach-Object { break } }
        $passed | Should -Be 0
        $Error.Count | Should -Be $before
    }

    BeforeEach {
        $name = "f$([guid]::NewGuid())"
        foreach ($node in 'one', 'two') { $null = New-CmsObject '/Root Folder' $name Folder -Connection $node }
        $count = { 'one', 'two' | ForEach-Object { @(Get-CmsObject "/Root Folder/$name" -Children -Connection $_).Count } }
        Connect-Cms -Profile one
    }

    AfterEach { Disconnect-Cms }

    It 'stays with its node when its shell connects to another in the middle' {
        $made = 1..1200 | ForEach-Object {
            if ($_ -eq 700) { Connect-Cms -Profile two }
            [pscustomobject]@{ Name = "n$_" }
        } | New-CmsObject -Path "/Root Folder/$name" -Kind Txt
        $made.Count | Should -Be 1200
        & $count | Should -Be 1200, 0
        (Get-CmsNode).Name | Should -Be 'two'
    }

    It 'stays with its node when its shell is disconnected in the middle' {
        $made = 1..1200 | ForEach-Object {
            if ($_ -eq 700) { Disconnect-Cms }
            [pscustomobject]@{ Name = "n$_" }
        } | New-CmsObject -Path "/Root Folder/$name" -Kind Txt
        $made.Count | Should -Be 1200
        & $count | Should -Be 1200, 0
    }

    It 'that buffers its changes stays with the node of its beginning' {
        $objects = New-CmsObject "/Root Folder/$name" a Txt
        $objects | ForEach-Object { Connect-Cms -Profile two; $_ } | Remove-CmsObject -Confirm:$false
        & $count | Should -Be 0, 0
    }
}

Describe 'A runspace' {
    It 'begins with the shell''s connection, and a Connect-Cms in it changes no other' {
        Connect-Cms -Profile one
        $module = $ModulePath
        $names = 1..2 | ForEach-Object -ThrottleLimit 2 -Parallel {
            Import-Module $using:module
            (Get-CmsNode).Name
            Connect-Cms -Profile two
            (Get-CmsNode).Name
        }
        $names | Sort-Object | Should -Be 'one', 'one', 'two', 'two'
        (Get-CmsNode).Name | Should -Be 'one'
        Disconnect-Cms
    }

    It 'stays with what it began with' {
        Connect-Cms -Profile one
        $gate = [Threading.ManualResetEventSlim]::new()
        $job = Start-ThreadJob {
            Import-Module $using:ModulePath
            (Get-CmsNode).Name
            ($using:gate).Wait()
            (Get-CmsNode).Name
        }
        while (-not $job.Output.Count -and $job.State -ne 'Failed') { Start-Sleep -Milliseconds 20 }
        Connect-Cms -Profile two
        $gate.Set()
        Complete-Job $job | Should -Be 'one', 'one'
        Disconnect-Cms
    }

    It 'does not begin with the connection of a job that was there before the shell had one' {
        $own, $jobs, $others = Invoke-FreshShell @"
            `$began, `$end = [Threading.ManualResetEventSlim]::new(), [Threading.ManualResetEventSlim]::new()
            `$other = (Get-CmsNode -Connection admin).Name -eq 'one' ? 'two' : 'one'
            `$job = Start-ThreadJob {
                Import-Module '$ModulePath'
                Connect-Cms -Profile `$using:other
                (Get-CmsNode).Name
                (`$using:began).Set()
                (`$using:end).Wait()
            }
            `$began.Wait()
            `$names = 1..2 | ForEach-Object -Parallel { Import-Module '$ModulePath'; (Get-CmsNode).Name }
            `$end.Set()
            (Get-CmsNode).Name
            `$null = Wait-Job `$job
            Receive-Job `$job
            `$names
"@
        $jobs | Should -Not -Be $own
        $others | Should -Be $own, $own
    }

    It 'connects beside others without ending what they use' {
        $module = $ModulePath
        $folder = New-CmsObject '/Root Folder' "p$([guid]::NewGuid())" Folder -Connection one
        $errors = 1..16 | ForEach-Object -ThrottleLimit 8 -Parallel {
            Import-Module $using:module
            Connect-Cms -Profile one
            foreach ($k in 1..5) { try { $null = New-CmsObject ($using:folder).Path "p$_-$k" Txt -ErrorAction Stop } catch { "$_" } }
        }
        $errors | Should -BeNullOrEmpty
        @(Get-CmsObject $folder.Path -Children -Connection one).Count | Should -Be 80
    }
}
