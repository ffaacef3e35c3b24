# Users, rights, tokens and audit at the shell, against one real node.
param([string] $Configuration = 'Debug')

BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    . "$PSScriptRoot/Node.ps1"
    Import-Module $ModulePath
    $node = Start-TestNode $TestDrive
    Connect-Cms
}

AfterAll { Stop-TestNode $node }

Describe 'Users and groups' {
    It 'are made, joined, listed and removed' {
        $group = New-CmsGroup 'Sales Team', 'Inner Team'
        $group.Kind | Should -Be 'UserGroup', 'UserGroup'
        $jane = New-CmsUser -Credential (New-Login jane 'Pass-1 word') -FullName 'Jane Doe' -Email jane@example.org -Group 'Inner Team'
        $jane.Groups | Should -Be 'Inner Team'
        $jane.FullName, $jane.Email | Should -Be 'Jane Doe', 'jane@example.org'
        Add-CmsGroupMember 'Sales Team' 'Inner Team'
        (Get-CmsUser ja* | Add-CmsGroupMember 'Sales Team' -PassThru).Groups | Should -Be 'Inner Team', 'Sales Team'
        (Get-CmsGroupMember 'Sales Team').Name | Should -Be 'jane', 'Inner Team'
        (Get-CmsGroup *Team).Name | Should -Be 'Sales Team', 'Inner Team'
        Remove-CmsGroupMember 'Sales Team' jane
        (Get-CmsUser jane).Groups | Should -Be 'Inner Team'
        Remove-CmsGroup 'Inner Team' -Confirm:$false
        (Get-CmsUser jane).GroupIds | Should -BeNullOrEmpty
        Get-CmsUser jane | Remove-CmsUser -Confirm:$false
        Remove-CmsGroup 'Sales Team' -Confirm:$false
        (Get-CmsUser).Name | Should -Not -Contain 'jane'
        { Remove-CmsUser Administrator -Confirm:$false } | Should -Throw -ErrorId 'InvalidObject,*'
    }

    It 'are not made with a password that is too short' {
        { New-CmsUser -Credential (New-Login shorty 'short') } | Should -Throw -ErrorId 'InvalidOption,*'
        { New-CmsUser -Credential (New-Login shorty 'short') -WhatIf } | Should -Throw -ErrorId 'InvalidOption,*'
        { Set-CmsPassword -Credential (New-Login Administrator 'short') -WhatIf } | Should -Throw -ErrorId 'InvalidOption,*'
        (Get-CmsUser).Name | Should -Not -Contain 'shorty'
    }

    It 'come from rows with their groups, and groups from rows with their members' {
        $null = New-CmsGroup 'rows one', 'rows two'
        $users = 'Name,FullName,Group', 'row1,Row One,', 'row2,Row Two,rows one' | ConvertFrom-Csv | New-CmsUser
        $users.Groups | Should -Be 'rows one'
        $rows = 'Group,Member', 'rows two,row1', 'no such group,row1', 'rows one,row1' | ConvertFrom-Csv
        ($rows | Add-CmsGroupMember -PassThru -ErrorVariable failed -ErrorAction SilentlyContinue)[-1].Groups | Sort-Object | Should -Be 'rows one', 'rows two'
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'ObjectNotFound,*'
        { New-CmsToken -Name { $_.Name } } | Should -Throw -ExpectedMessage '*script block*'
        $null = New-CmsToken 'of one who goes' -User row1
        Remove-CmsUser row1, row2 -Confirm:$false
        (Get-CmsToken 'of one who goes').State | Should -Be 'UserGone'
    }

    It 'are found by what tells of them: tokens, entries, events' {
        (Get-CmsToken | Where-Object State -eq Valid | Get-CmsUser).Name | Should -Contain 'Administrator'
        ([pscustomobject]@{ Id = [guid]::NewGuid(); PrincipalId = 12; Path = '/Users' } | Get-CmsUser).Name | Should -Be 'Administrator'
        (Get-CmsUser -PrincipalId 12).Id | Should -Be 12
    }

    It 'are the same in a folder below /Users or /User Groups: listed, named, members and able to log on' {
        $folder = New-CmsObject /Users Department Folder
        $groups = New-CmsObject '/User Groups' Department Folder
        $group = New-CmsGroup nested
        $user = New-CmsUser -Credential (New-Login emil 'S3cret-one!') -Group nested
        $user | Move-CmsObject -Destination $folder.Path
        $group | Move-CmsObject -Destination $groups.Path
        (Get-CmsUser emil).Path, (Get-CmsUser em*).Path | Should -Be '/Users/Department/emil', '/Users/Department/emil'
        (Get-CmsUser emil).Groups, (Get-CmsGroup nested).Name | Should -Be 'nested', 'nested'
        (Get-CmsUser).Name | Should -Contain 'emil'
        (Get-CmsGroupMember nested).Name | Should -Be 'emil'
        (Connect-Cms -Credential (New-Login emil 'S3cret-one!') -PassThru).User | Should -Be 'emil'
        Connect-Cms
        Remove-CmsGroupMember nested emil
        Get-CmsGroupMember nested | Should -BeNullOrEmpty

        # Two of one name: both are listed, neither is guessed at.
        $twin = New-CmsUser emil
        (Get-CmsUser emil).Id | Sort-Object | Should -Be ($user.Id, $twin.Id | Sort-Object)
        $failure = { Add-CmsGroupMember nested emil } | Should -Throw -ErrorId 'InvalidOption,*' -PassThru
        $failure.Exception.Message | Should -BeLike "*/Users/Department/emil (id $($user.Id))*"
        { Connect-Cms -Credential (New-Login emil 'S3cret-one!') -PassThru } | Should -Throw -ErrorId 'AuthenticationFailed,*'
        Connect-Cms
        $user, $twin | Remove-CmsUser -Confirm:$false
        Remove-CmsGroup nested -Confirm:$false
        $folder, $groups | Remove-CmsObject -Confirm:$false
    }

    It 'are named by one way, and nobody named is not everybody nor oneself' {
        $group = New-CmsGroup tribe
        $users = 'anna', 'bert' | ForEach-Object { New-CmsUser $_ }
        $nothing = $null
        foreach ($code in @(
                'Get-CmsUser anna | Remove-CmsUser bert -Confirm:$false', 'Remove-CmsUser bert -Id $users[0].Id -Confirm:$false', 'Get-CmsUser bert -Id $users[0].Id',
                'Get-CmsUser anna | Add-CmsGroupMember tribe bert', 'New-CmsToken -PrincipalId $nothing', 'Get-CmsUser -Id $nothing', 'Get-CmsObject -Id $nothing',
                'Test-CmsRight / View -PrincipalId $nothing', 'Get-CmsAuditEvent -Id $nothing', 'Set-CmsObject $users[0].Path -Property @{ a = 1 } -ExpectedVersion $nothing',
                '[pscustomobject]@{ PrincipalId = $null } | New-CmsToken', '[pscustomobject]@{ Path = "/"; PrincipalId = $null } | Test-CmsRight -Right View',
                '[pscustomobject]@{ Cuid = "" } | Remove-CmsUser -Confirm:$false')) {
            { . ([scriptblock]::Create("$code -ErrorAction Stop")) } | Should -Throw -ErrorId 'InvalidOption,*' -Because $code
        }
        @(Get-CmsUser -Id @()).Count, @(Get-CmsGroup -Id @()).Count, @(Get-CmsToken -PrincipalId @()).Count | Should -Be 0, 0, 0
        (Get-CmsUser anna, bert).Version | Should -Be 1, 1

        # A row with a CUID alone is that user's.
        $row = Find-CmsObject "SELECT SI_CUID FROM CI_SYSTEMOBJECTS WHERE SI_NAME = 'anna'"
        ($row | Add-CmsGroupMember tribe -PassThru).Groups | Should -Be 'tribe'
        ($users[0] | Select-Object PrincipalCuid | New-CmsToken for-anna).Principal | Should -Be 'anna'
        ($users[0] | Select-Object PrincipalCuid | Get-CmsToken).Principal | Should -Be 'anna'
        while (-not ($events = $row | Get-CmsAuditEvent -Action Token)) { Start-Sleep -Milliseconds 20 }
        $events.ObjectName | Should -Be 'anna'
        $row | Remove-CmsUser -Confirm:$false
        (Get-CmsUser).Name | Should -Not -Contain 'anna'

        # Members are what rights take for members.
        { New-Folder | Add-CmsGroupMember tribe -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectNotFound,*'
        foreach ($no in $group.Id, @([decimal]$group.Id), 'tribe') {
            { Set-CmsObject $users[1].Path -Property @{ SI_USERGROUPS = $no } -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidObject,*'
        }
        $null = Set-CmsObject $users[1].Path -Property @{ SI_USERGROUPS = @($group.Id) }
        (Get-CmsGroupMember tribe).Name, (Get-CmsUser bert).Groups | Should -Be 'bert', 'tribe'
        Remove-CmsUser bert -Confirm:$false
        $group | Remove-CmsGroup -Confirm:$false
    }

    It 'are in the groups that always hold them' {
        (Get-CmsGroupMember Administrators).Name | Should -Contain 'Administrator'
        (Get-CmsGroupMember Everyone).Name | Should -Contain 'Guest'
        (Get-CmsGroupMember Everyone).Name | Should -Not -Contain 'Everyone'
    }

    It 'log on with the password that was set last, and no secret is shown' {
        $all = & {
            New-CmsUser -Credential (New-Login carl 'S3cret-one!') -Verbose | Format-List * -Force
            Set-CmsPassword -Credential (New-Login carl 'S3cret-two!') -Verbose
        } *>&1 | Out-String
        $all | Should -Not -Match 'S3cret'
        { Connect-Cms -Credential (New-Login carl 'S3cret-one!') -PassThru } | Should -Throw -ErrorId 'AuthenticationFailed,*'
        $session = Connect-Cms -Credential (New-Login carl 'S3cret-two!') -PassThru
        Connect-Cms
        { Get-CmsObject /Users -Connection $session -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectNotFound,*' -Because 'what may not be seen is not there'
        $folder = New-Folder
        Grant-CmsRight $folder.Path carl View
        { New-CmsObject $folder.Path x Txt -Connection $session -WhatIf } | Should -Throw -ErrorId 'Forbidden,*'
        $failure = { New-CmsObject $folder.Path x Txt -Connection $session } | Should -Throw -ErrorId 'Forbidden,*' -PassThru
        $failure.CategoryInfo.Category | Should -Be 'PermissionDenied'
        Get-CmsUser carl | Remove-CmsUser -Confirm:$false
    }

    It 'change their own password with the one that they have, though they may not see themselves' {
        $user = New-CmsUser -Credential (New-Login dora 'S3cret-one!')
        $session = Connect-Cms -Credential (New-Login dora 'S3cret-one!') -PassThru
        Connect-Cms
        $old, $new = 'S3cret-one!', 'S3cret-two!' | ForEach-Object { ConvertTo-SecureString $_ -AsPlainText -Force }
        { Set-CmsPassword -Id $user.Id -Password $new -Connection $session } | Should -Throw -ErrorId 'Forbidden,*'
        { Set-CmsPassword -User dora -Password $new -CurrentPassword $new -Connection $session } | Should -Throw -ErrorId 'Forbidden,*'
        { Set-CmsPassword -User Administrator -Password $new -CurrentPassword $old -Connection $session -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectNotFound,*'
        { [pscustomobject]@{ Id = $user.Id; Cuid = 'of another system' } | Set-CmsPassword -Password $new -CurrentPassword $old -Connection $session -ErrorAction Stop } |
            Should -Throw -ErrorId 'ObjectNotFound,*'
        Set-CmsPassword -Id $user.Id -Password $new -CurrentPassword $old -Connection $session
        Set-CmsPassword -Credential (New-Login DORA 'S3cret-six!') -CurrentPassword $new -Connection $session
        (Connect-Cms -Credential (New-Login dora 'S3cret-six!') -PassThru).User | Should -Be 'dora'
        Connect-Cms
        $user | Remove-CmsUser -Confirm:$false
    }
}

Describe 'Rights' {
    BeforeAll {
        $folder = New-Folder
        $inner = New-CmsObject $folder.Path inner Folder
        $null = New-CmsGroup readers
        $null = New-CmsUser rita -Group readers
    }

    It 'are granted, denied, explained and revoked' {
        Test-CmsRight $inner.Path View rita -Quiet | Should -BeFalse
        $entries = Grant-CmsRight $folder.Path readers View, Edit -PassThru
        ($entries | Where-Object Principal -eq readers).Right | Should -Be 'Edit', 'View'
        Test-CmsRight $inner.Path View, Edit rita -Quiet | Should -BeTrue
        Get-CmsUser rita | Deny-CmsRight $inner.Path -Right Edit
        $decision = $inner | Test-CmsRight -Right Edit -Principal rita -Explain
        $decision.Granted | Should -BeFalse
        $decision.Steps | Should -Not -BeNullOrEmpty
        (Test-CmsRight $inner.Path Edit rita).Steps | Should -BeNullOrEmpty
        (Get-CmsRight $inner.Path -ExplicitOnly).Value | Should -Be 'Denied'
        (Get-CmsRight $inner.Path rita, readers | Where-Object Inherited).Right | Should -Be 'Edit', 'View'

        Get-CmsRight $inner.Path -ExplicitOnly | Revoke-CmsRight
        Test-CmsRight $inner.Path Edit rita -Quiet | Should -BeTrue
        Set-CmsRightInheritance $inner.Path -FromFolder $false
        Test-CmsRight $inner.Path Edit rita -Quiet | Should -BeFalse
        Set-CmsRightInheritance $inner.Path -FromFolder $true
        Revoke-CmsRight $folder.Path readers
        Test-CmsRight $inner.Path View rita -Quiet | Should -BeFalse
    }

    It 'that are inherited are not revoked, and the error says where they stand' {
        Grant-CmsRight $folder.Path rita View
        foreach ($revoke in { Revoke-CmsRight $inner.Path rita View }, { Revoke-CmsRight $inner.Path rita -WhatIf }, { Get-CmsRight $inner.Path rita | Revoke-CmsRight -ErrorAction Stop }) {
            $failure = $revoke | Should -Throw -ErrorId 'InvalidOption,*' -PassThru
            $failure.Exception.Message | Should -BeLike "*'$($folder.Path)', object $($folder.Id)*"
        }
        # Of what is both, the own entry goes.
        Deny-CmsRight $inner.Path rita View
        Revoke-CmsRight $inner.Path rita View
        Test-CmsRight $inner.Path View rita -Quiet | Should -BeTrue
        Invoke-Expression $failure.ErrorDetails.RecommendedAction.Split(' takes')[0]
        Test-CmsRight $inner.Path View rita -Quiet | Should -BeFalse
        # What is nowhere is taken away already.
        Revoke-CmsRight $inner.Path rita View
    }

    It 'are copied from entries of the pipeline, and a denial is never made a grant of or the other way round' {
        $from = New-Folder
        $to = New-Folder
        Grant-CmsRight $from.Path rita View
        Deny-CmsRight $from.Path rita Delete
        foreach ($case in @{ Verb = 'Grant'; Kept = 'View'; Refused = 'Delete' }, @{ Verb = 'Deny'; Kept = 'Delete'; Refused = 'View' }) {
            Get-CmsRight $from.Path -ExplicitOnly | & "$($case.Verb)-CmsRight" -Path $to.Path -ErrorAction SilentlyContinue -ErrorVariable failures
            $failures.Count | Should -Be 1
            $failures[0].FullyQualifiedErrorId | Should -BeLike 'InvalidOption,*'
            $failures[0].Exception.Message | Should -BeLike "*$($case.Refused)*"
            $failures[0].ErrorDetails.RecommendedAction | Should -BeLike '*Where-Object Value -eq*'
            (Get-CmsRight $to.Path -ExplicitOnly).Right | Should -Be $case.Kept
            Revoke-CmsRight $to.Path rita
        }
        # The right that is written is meant, whatever the entry says.
        Get-CmsRight $from.Path -ExplicitOnly | Grant-CmsRight $to.Path -Right Edit
        (Get-CmsRight $to.Path -ExplicitOnly).Value | Should -Be 'Granted'
        Get-CmsRight $from.Path -ExplicitOnly | Grant-CmsRight -ErrorAction SilentlyContinue
        (Get-CmsRight $from.Path -ExplicitOnly | Where-Object Right -eq Delete).Value | Should -Be 'Denied'
    }

    It 'are given to whom the user wrote, and not to those of the entries' {
        $from = New-Folder
        $to = New-Folder
        Grant-CmsRight $from.Path rita View
        Get-CmsRight $from.Path rita | Grant-CmsRight $to.Path -Principal readers
        Get-CmsRight $from.Path rita | Grant-CmsRight $to.Path -PrincipalId (New-CmsUser ruth).Id
        (Get-CmsRight $to.Path -ExplicitOnly).Principal | Sort-Object | Should -Be 'readers', 'ruth'
        Get-CmsRight $from.Path rita | Revoke-CmsRight -Principal readers
        (Get-CmsRight $from.Path -ExplicitOnly).Principal | Should -Be 'rita'
    }

    It 'without a CUID, as of a node of an earlier release, are taken by id' {
        $one = New-Folder
        Grant-CmsRight $one.Path rita View
        $entry = Get-CmsRight $one.Path rita | Select-Object * -ExcludeProperty ObjectCuid, PrincipalCuid
        foreach ($cuid in $null, '') {
            $entry | Select-Object *, @{ n = 'ObjectCuid'; e = { $cuid } }, @{ n = 'PrincipalCuid'; e = { $cuid } } | Revoke-CmsRight
            Get-CmsRight $one.Path -ExplicitOnly | Should -BeNullOrEmpty
            $entry | Grant-CmsRight
        }
    }

    It 'are not there where nothing was asked' {
        [pscustomobject]@{ x = 1 } | Test-CmsRight -Right View -Quiet -ErrorAction SilentlyContinue | Should -BeFalse
        @() | Test-CmsRight -Right View -Quiet | Should -BeFalse
        '/', $folder.Path | Test-CmsRight -Right View -Quiet | Should -BeTrue
        '/nope', '/' | Test-CmsRight -Right View -Quiet -ErrorAction SilentlyContinue | Should -BeFalse
    }

    It 'are set from the rows of a file, and a row that fails leaves the others' {
        $one, $two = (New-Folder).Path, (New-Folder).Path
        $csv = 'Path,Principal,Right', "$one,rita,View", "$one,,View", "$one,nobody-there,View", "/nowhere,rita,View", "$two,rita,View" | ConvertFrom-Csv
        $csv | Grant-CmsRight -ErrorAction SilentlyContinue -ErrorVariable failures
        $one, $two | Get-CmsRight -ExplicitOnly | ForEach-Object { "$($_.Principal) $($_.Right) $($_.Value)" } | Should -Be 'rita View Granted', 'rita View Granted'
        $failures.Count | Should -Be 3
        $csv[0], $csv[-1] | Revoke-CmsRight
        $one, $two | Get-CmsRight -ExplicitOnly | Should -BeNullOrEmpty
        { Grant-CmsRight $one -Right View } | Should -Throw -ErrorId 'InvalidOption,*'
    }

    It 'that do not exist are refused, with those that do' {
        $failure = { Grant-CmsRight $folder.Path rita Fly } | Should -Throw -ErrorId 'InvalidObject,*' -PassThru
        $failure.Exception.Message | Should -Match 'ViewInstances'
        { Grant-CmsRight $folder.Path nobody-there View } | Should -Throw -ErrorId 'ObjectNotFound,*'
    }

    It 'of nobody, and that do not exist, are errors in a list too' {
        Grant-CmsRight $folder.Path rita View
        Get-CmsRight $folder.Path rita Edit -ErrorAction Stop | Should -BeNullOrEmpty
        Get-CmsRight $inner.Path Guest -ExplicitOnly -ErrorAction Stop | Should -BeNullOrEmpty
        Get-CmsRight $folder.Path nobody-*, rita Vie* -ErrorAction Stop | Should -Not -BeNullOrEmpty
        (Get-CmsRight $inner.Path, $folder.Path nobody-there, rita View, Fly -ErrorVariable failed -ErrorAction SilentlyContinue).Principal | Select-Object -Unique | Should -Be 'rita'
        $failed.FullyQualifiedErrorId | Should -Be 'ObjectNotFound,LoggerCms.PowerShell.Cms.GetCmsRightCommand', 'InvalidObject,LoggerCms.PowerShell.Cms.GetCmsRightCommand'
        $failed.TargetObject | Should -Be 'nobody-there', 'Fly'
        { Get-CmsRight $folder.Path -Right Fly } | Should -Throw -ErrorId 'InvalidObject,*'
        Revoke-CmsRight $folder.Path rita View
    }

    It 'are completed as the node knows them' {
        $line = 'Grant-CmsRight /x y '
        $words = [Management.Automation.CommandCompletion]::CompleteInput("$line-Right ", "$line-Right ".Length, $null).CompletionMatches.CompletionText
        $words.Count | Should -BeGreaterThan 30
        foreach ($word in $words) { Grant-CmsRight $inner.Path rita $word }
        (Get-CmsRight $inner.Path rita -ExplicitOnly).Right | Sort-Object | Should -Be ($words | Sort-Object)
        Revoke-CmsRight $inner.Path rita
    }
}

Describe 'Tokens' {
    It 'let in until they are revoked; the secret is told once, and not in plain unless asked for' {
        $token = New-CmsToken runbook -Lifetime 1:00:00
        $token.Secret | Should -BeOfType [securestring]
        ($token | Out-String) | Should -Not -Match 'Secret\s*:\s*\S+[A-Za-z0-9_-]{30}'
        $session = Connect-Cms -Token $token.Secret -PassThru
        Connect-Cms
        (Get-CmsObject / -Connection $session).Id | Should -Be 4
        $listed = Get-CmsToken runbook
        $listed.Id | Should -Be $token.Id
        $listed.PSObject.Properties.Name | Should -Not -Contain 'Secret'
        $listed | Revoke-CmsToken
        (Get-CmsToken -Id $token.Id).Revoked | Should -BeTrue
        { Get-CmsObject / -Connection $session } | Should -Throw -ErrorId 'Unauthenticated,*'
        (New-CmsToken plain -AsPlainText).Secret | Should -BeOfType [string]
        foreach ($days in 30, '30', 30.0) { [math]::Round(((New-CmsToken days -Lifetime $days).Expires - [DateTimeOffset]::Now).TotalDays, 2) | Should -Be 30 }
        $null = New-CmsToken ticks -Lifetime ([timespan]::new([timespan]::TicksPerDay + 1)) -WarningVariable warnings
        $warnings | Should -BeNullOrEmpty
        { New-CmsToken short -Lifetime 0:00:59 } | Should -Throw -ErrorId 'InvalidOption,*'
        { New-CmsToken short -Lifetime 0 } | Should -Throw -ErrorId 'InvalidOption,*'
        { New-CmsToken short -Lifetime -5 } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
        { Revoke-CmsToken ([guid]::NewGuid()) -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectNotFound,*'
    }
}

Describe 'The table of tokens' {
    It 'shows in 80 columns until when each is good, in local time, and whether it still is, in every culture' {
        $good = New-CmsToken seen
        New-CmsToken gone | Revoke-CmsToken
        $culture = [cultureinfo]::CurrentCulture
        try {
            [cultureinfo]::CurrentCulture = 'fa-IR'
            $lines = (Get-CmsToken seen, gone | Out-String -Width 80) -split "`n"
        }
        finally { [cultureinfo]::CurrentCulture = $culture }
        $lines -match '^seen ' | Should -Match "\s$($good.Expires.LocalDateTime.ToString('yyyy-MM-dd HH:mm', [cultureinfo]::InvariantCulture))\s+Valid\s"
        $lines -match '^gone ' | Should -Match '\sRevoked\s'
        (Get-CmsToken seen, gone | Sort-Object Name).State | Should -Be 'Revoked', 'Valid'
        $good.Expires.Offset | Should -Be $good.Expires.ToLocalTime().Offset
    }
}

Describe 'Disconnect-Cms' {
    It 'leaves no token behind of a connection that logged on, and those that were given' {
        $user = New-CmsUser -Credential (New-Login frida 'S3cret-one!')
        $live = { @(Get-CmsToken Logon -PrincipalId $user.Id | Where-Object -Not Revoked).Count }
        Connect-Cms -Credential (New-Login frida 'S3cret-one!') -PassThru | Disconnect-Cms
        # Replaced by the next, which is no other way of closing.
        Connect-Cms -Credential (New-Login frida 'S3cret-one!')
        Connect-Cms
        & $live | Should -Be 0
        $given = New-CmsToken given -AsPlainText
        Connect-Cms -Token (ConvertTo-SecureString $given.Secret -AsPlainText -Force) -PassThru | Disconnect-Cms
        (Get-CmsToken -Id $given.Id).Revoked | Should -BeFalse
        Connect-Cms
        $user | Remove-CmsUser -Confirm:$false
    }
}

Describe 'Audit' {
    It 'is read by user, action, result, object and text, the newest first when asked' {
        $made = New-CmsObject (New-Folder).Path audited Txt
        $made | Set-CmsObject -Property @{ a = 1 }
        $null = New-CmsUser olga
        $events = @()
        # Events reach the audit database a moment after the change.
        while (@($events).Count -lt 2) { $events = Get-CmsAuditEvent -Id $made.Id }
        $events.Action | Should -Be 'Create', 'Update'
        $events.Principal | Select-Object -Unique | Should -Be 'Administrator'
        ($made | Get-CmsAuditEvent -Newest 1).Action | Should -Be 'Update'
        ($made | Get-CmsAuditEvent -Skip 1 -First 1).Action | Should -Be 'Update'
        @($made | Get-CmsAuditEvent -Action Create -Result Succeeded -User Administrator).Count | Should -Be 1
        ($made | Get-CmsAuditEvent -User 'admin*' -Newest 1).Action | Should -Be 'Update'
        $made | Get-CmsAuditEvent -User 'x*' | Should -BeNullOrEmpty
        $culture = [cultureinfo]::CurrentCulture
        try {
            [cultureinfo]::CurrentCulture = 'fa-IR'
            $events | Out-String | Should -Match $events[0].Time.LocalDateTime.ToString('yyyy-MM-dd HH:mm:ss', [cultureinfo]::InvariantCulture)
        }
        finally { [cultureinfo]::CurrentCulture = $culture }
        Get-CmsAuditEvent -Id $made.Id -To $events[0].Time | Should -BeNullOrEmpty
        (Get-CmsAuditEvent -Text audited | Select-Object -First 1).ObjectName | Should -Be 'audited'
        Get-CmsUser olga | Get-CmsAuditEvent | Should -BeNullOrEmpty
    }
}
