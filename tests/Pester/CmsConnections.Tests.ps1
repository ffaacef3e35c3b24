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

    # Receive-Job -Wait -AutoRemoveJob removes a thread job a second time now and then, and fails.
    function Complete-Job($Job) { $null = Wait-Job $Job; Receive-Job $Job; Remove-Job $Job }

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

Describe 'Who a shell is' {
    BeforeAll {
        $password = New-Secret 'S3cret-one!'
        $null = New-CmsUser -Credential ([pscredential]::new('nobody', $password)) -Connection one
        $login = [pscredential]::new('nobody', $password)
        $secret = (New-CmsToken nobodys -User nobody -AsPlainText -Connection one).Secret
        $hidden = New-CmsObject '/Root Folder' hidden Folder -Connection one
    }

    It 'a connection of <_> is not the administrator''s in another process' -ForEach 'a user', 'a token', 'a profile' {
        $kind = $_
        $with = switch ($kind) { 'a user' { @{ Credential = $login } } 'a token' { @{ Token = New-Secret $secret } } default { @{} } }
        $session = Connect-Cms -Profile one @with -PassThru
        $module = $ModulePath
        $there = Start-Job {
            Import-Module $using:module
            try { (Get-CmsObject $using:hidden.Path -Connection $using:session -ErrorAction Stop).Name } catch { $_.FullyQualifiedErrorId }
        } | Receive-Job -Wait -AutoRemoveJob
        $there | Should -BeLike ($kind -eq 'a profile' ? 'hidden' : 'InvalidConnection,*')

        # Here it is the same connection, whatever way it went.
        $here = Copy-OverRemoting $session
        $maySee = Test-CmsRight $hidden.Path -Right View -Quiet -Connection $here -ErrorAction SilentlyContinue
        $maySee | Should -Be ($kind -eq 'a profile')
        Disconnect-Cms $session
    }

    It 'a profile of the same name that leads to another system here is refused' {
        $session = Connect-Cms -Profile one -PassThru
        $copy = Copy-OverRemoting $session
        Disconnect-Cms $session
        (Get-CmsNode -Connection $copy).Name | Should -Be 'one'
        ($copy | Add-Member SystemId ([guid]::NewGuid()) -Force -PassThru) | Out-Null
        { Get-CmsNode -Connection $copy -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConnection,*'
    }

    It 'a token without a value is an error, and the shell is connected to nothing' {
        Connect-Cms -Profile one -Credential $login
        { Connect-Cms -Profile one -Token $null -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*'
        { Get-CmsNode -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConnection,*'
        @(Get-CmsToken Logon -User nobody -Connection one | Where-Object -Not Revoked).Count | Should -Be 0
        Disconnect-Cms
    }

    It 'a connection that a job still has when its shell disconnects is closed when the job ends' {
        $null = Connect-Cms -Profile one -Credential $login -PassThru
        $began, $end = [Threading.ManualResetEventSlim]::new(), [Threading.ManualResetEventSlim]::new()
        $job = Start-ThreadJob {
            Import-Module $using:ModulePath
            $null = Test-CmsRight / -Right View -Quiet -ErrorAction Ignore
            ($using:began).Set()
            ($using:end).Wait()
        }
        $began.Wait()
        Disconnect-Cms
        $end.Set()
        Complete-Job $job
        for ($tries = 0; $tries -lt 500 -and ($live = @(Get-CmsToken Logon -User nobody -Connection one | Where-Object -Not Revoked)); $tries++) { Start-Sleep -Milliseconds 20 }
        $live | Should -BeNullOrEmpty
    }

    It 'a node by name is the one that is connected, whatever the profile of that name says' {
        $profiles = "$env:LOGGERCMS_HOME/cms"
        Copy-Item "$profiles/one.profile.json" "$TestDrive/mine.profile.json"
        Connect-Cms -Profile "$TestDrive/mine.profile.json"
        try {
            Copy-Item "$profiles/two.profile.json" "$profiles/one.profile.json"
            (Get-CmsNode one).Name | Should -Be 'one'
        }
        finally {
            Copy-Item "$TestDrive/mine.profile.json" "$profiles/one.profile.json"
            Disconnect-Cms
        }
    }

    It 'a node from the pipeline is not another system''s of that name' {
        $piped = Get-CmsNode one | Select-Object Name, @{ n = 'SystemId'; e = { (Get-CmsNode two).SystemId } }
        foreach ($code in '$piped | Stop-CmsNode', '$piped | Get-CmsNode') {
            $failure = { . ([scriptblock]::Create("$code -ErrorAction Stop")) } | Should -Throw -ErrorId 'ObjectNotFound,*' -PassThru
            $failure.ErrorDetails.RecommendedAction | Should -Match '-Connection'
        }
        (Get-CmsNode one | Get-CmsNode).Name | Should -Be 'one'
    }

    It 'a node by name is not reached by a connection that was handed out' {
        $nobody = Connect-Cms -Profile one -Credential $login -PassThru
        Connect-Cms -Profile two
        { Stop-CmsNode one -WhatIf -ErrorAction Stop } | Should -Not -Throw
        $node = Get-CmsNode one
        $node.Name | Should -Be 'one'
        $node.Database | Should -Not -BeNullOrEmpty -Because 'whoever has not the right Operate does not see it'
        Disconnect-Cms
        Disconnect-Cms -Connection $nobody
    }

    It 'an address with a password in it is refused and not repeated' {
        $failure = { Connect-Cms https://me:s3cret@localhost:6400/ -Profile one -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConnection,*' -PassThru
        "$failure" | Should -Not -Match 's3cret'
        Disconnect-Cms
    }

    It 'a Connect-Cms that fails leaves the shell connected to nothing' {
        Connect-Cms -Profile two
        { Connect-Cms https://127.0.0.1:1/ -Profile one -ErrorAction Stop } | Should -Throw -ErrorId 'ServerUnreachable,*'
        $failure = { Get-CmsNode -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConnection,*' -PassThru
        $failure.ErrorDetails.RecommendedAction | Should -Match 'Connect-Cms'
        Connect-Cms -Profile two
        (Get-CmsNode).Name | Should -Be 'two'
        Disconnect-Cms
    }

    It 'one who comes with a token or a password alone stays with the node that the shell is connected to' {
        # The admin profile is that of the node that was started last.
        Connect-Cms
        (Get-CmsNode).Name | Should -Be 'two'
        Connect-Cms -Profile one
        foreach ($with in @{ Token = New-Secret $secret }, @{ Credential = $login }) {
            Connect-Cms @with
            (Get-CmsNode).Name | Should -Be 'one'
        }

        # What was mistyped is given again, and goes to no other node.
        { Connect-Cms -Credential ([pscredential]::new('nobody', (New-Secret 'wrong-one!'))) -ErrorAction Stop } | Should -Throw -ErrorId 'AuthenticationFailed,*'
        { Get-CmsNode -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConnection,*'
        Connect-Cms -Credential $login
        (Get-CmsNode).Name | Should -Be 'one'

        # Without either it is the admin profile, and so it is where the shell is connected to nothing.
        Connect-Cms
        (Get-CmsNode).Name | Should -Be 'two'
        Disconnect-Cms
        { Connect-Cms -Token (New-Secret $secret) -ErrorAction Stop } | Should -Throw -ErrorId 'Unauthenticated,*'
        Disconnect-Cms
    }

    It 'a node that is started at another address does not make the user an administrator' {
        Connect-Cms -Profile one -Credential $login
        Get-Process -Id (Get-CmsNode one).ProcessId | ForEach-Object { $_.Kill(); $_.WaitForExit() }
        $null = Start-TestNode one
        $failure = { Get-CmsObject $hidden.Path -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConnection,*' -PassThru
        "$failure" | Should -Match 'nobody'
        Disconnect-Cms
        (Get-CmsObject $hidden.Path -Connection one).Name | Should -Be 'hidden'
    }
}

Describe 'A node that another shell starts at another address' {
    BeforeAll {
        $moved = Start-TestNode moved
        function Move-Node {
            $old = Get-CmsNode -Connection moved
            $text = Invoke-FreshShell "Stop-CmsNode moved; (Start-CmsNode other -Port $(([uri]$old.Endpoint).Port)).ProcessId; (Start-CmsNode moved -Port 0).ProcessId"
            $text | ForEach-Object { $started.Add([int]$_) }
            $text[-1]
        }
    }

    It 'is found by name, by its profile in a loop, and by the connection that its profile made' {
        $session = Connect-Cms -Profile moved -PassThru
        $id = Move-Node
        (Get-CmsNode moved).ProcessId | Should -Be $id
        (Get-CmsNode).ProcessId | Should -Be $id
        (Get-CmsNode -Connection $session).ProcessId | Should -Be $id

        # Another node has the address that was known.
        (Get-CmsNode -Connection moved).ProcessId | Should -Be $id
        Disconnect-Cms
    }
}

Describe 'A profile' {
    It 'that cannot be read does not keep a node from its name' {
        Set-Content "$env:LOGGERCMS_HOME/cms/spent.profile.json" 'damaged'
        (Start-TestNode spent).Name | Should -Be 'spent'
    }

    It 'loses its token to a new password of Administrator, and a warning says so' {
        $password = New-Secret 'S3cret-one!'
        Set-CmsPassword -User Administrator -Password $password -Connection spent -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings | Should -BeNullOrEmpty
        $session = Connect-Cms -Profile spent -Credential ([pscredential]::new('Administrator', $password)) -PassThru
        Set-CmsPassword -User Administrator -Password $password -Connection $session -WarningVariable warnings -WarningAction SilentlyContinue
        $warnings.Count | Should -Be 1
        { Get-CmsUser -Connection spent -ErrorAction Stop } | Should -Throw -ErrorId 'Unauthenticated,*'
        Disconnect-Cms
    }
}
