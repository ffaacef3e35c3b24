# Which node a shell is connected to, and as whom.
param([string] $Configuration = 'Debug')

BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    . "$PSScriptRoot/TwoNodes.ps1"
}

AfterAll { Stop-TestNodes }

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

    It 'a <Name> without a value is an error, and the shell is connected to nothing' -ForEach @{ Name = 'Token' }, @{ Name = 'Endpoint' } {
        Connect-Cms -Profile one -Credential $login
        $with = @{ $Name = $null }
        { Connect-Cms -Profile one @with -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*'
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

        # So it is where the node was named only by the command that failed.
        $profile = Get-Content "$env:LOGGERCMS_HOME/cms/one.profile.json" | ConvertFrom-Json
        Set-Content "$TestDrive/one.pem" $profile.ca
        foreach ($node in @{ Profile = 'one' }, @{ Endpoint = $profile.endpoint; CaCertificatePath = "$TestDrive/one.pem" }) {
            { Connect-Cms @node -Credential ([pscredential]::new('nobody', (New-Secret 'wrong-one!'))) -ErrorAction Stop } | Should -Throw -ErrorId 'AuthenticationFailed,*'
            Connect-Cms -Credential $login
            (Get-CmsNode).Name | Should -Be 'one'
        }

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
