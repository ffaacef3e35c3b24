# Nodes from the shell: started, connected to, killed, started again, stopped; two at once, in jobs, without prompts.
param([string] $Configuration = 'Debug')

BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    Set-TestHome $TestDrive
    Import-Module $ModulePath
    $started = [Collections.Generic.List[int]]::new()

    function Start-TestNode([string] $Name, [hashtable] $With = @{}) {
        $node = Start-CmsNode $Name -Port 0 @With
        $started.Add($node.ProcessId)
        $node
    }

    # Waits for the end: the next start must find the folder free.
    function Stop-Hard($Node) {
        $process = Get-Process -Id $Node.ProcessId
        $process.Kill()
        $process.WaitForExit()
    }

    # One that has ended and that nobody collects, as in a container, has ended too.
    function Test-Runs([int] $Id) {
        $process = Get-Process -Id $Id -ErrorAction Ignore
        [bool]$process -and -not ($IsLinux -and (Get-Content "/proc/$Id/stat" -Raw -ErrorAction Ignore) -notmatch '\) [^ZX]')
    }

    function New-Folder([string] $Name) {
        $request = [LoggerCms.CmsChangeRequest]@{
            Changes = [LoggerCms.CmsChange[]]@([LoggerCms.CmsChange]@{ Operation = 'Create'; Kind = 'Folder'; Name = $Name; ParentId = 23 })
        }
        $profile = Get-Content "$env:LOGGERCMS_HOME/cms/one.profile.json" -Raw | ConvertFrom-Json
        $answer = Invoke-RestMethod "$($profile.endpoint)v1/changes" -Method Post -SkipCertificateCheck -ContentType 'application/json' -Headers @{ Authorization = "Bearer $($profile.token)" } -Body ($request | ConvertTo-Json -Depth 5)
        $answer.Changed[0].Id
    }
}

AfterAll {
    $started | ForEach-Object { Get-Process -Id $_ -ErrorAction Ignore } | Stop-Process -Force
    Remove-Item Env:LOGGERCMS_HOME
}

Describe 'Without a node' {
    It '<_> says where none is, and what to do' -ForEach 'Get-CmsNode', 'Get-RunTimeImage', 'Stop-CmsNode', 'Connect-Cms' {
        $failure = { & $_ -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'ProfileNotFound,*'
        $failure.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failure.ErrorDetails.RecommendedAction | Should -Match 'Start-CmsNode'
    }

    It 'Start-CmsNode -WhatIf starts nothing and makes no file' {
        Start-CmsNode never -Port 0 -WhatIf | Should -BeNullOrEmpty
        Test-Path "$env:LOGGERCMS_HOME/nodes" | Should -BeFalse
    }

    It 'Start-CmsNode says why a data folder cannot be used, and what to do' {
        $file = New-Item "$TestDrive/no folder"
        $failure = { Start-CmsNode never -Port 0 -DataPath $file } | Should -Throw -ErrorId 'TempFolderUnusable,*' -PassThru
        $failure.ErrorDetails.RecommendedAction | Should -Match '-DataPath'
        $long = "$TestDrive/$('d' * 200)/$('e' * 200)/$('f' * 100)"
        if (-not $IsWindows) { { Start-CmsNode never -Port 0 -DataPath $long } | Should -Throw -ErrorId 'InvalidConnection,*' }
    }

    It 'a path that is none of the file system is a typed failure, before anything is done: <_>' -ForEach @(
        'Start-CmsNode never -DataPath nodrive:x -WhatIf', 'Start-CmsNode never -DataPath x', 'Restore-CmsSide x -Database sqlite:/x.db', 'Invoke-DeltaReconcile x -Database sqlite:/x.db'
        'Backup-CmsSide x', 'Connect-Cms -CaCertificatePath x', 'Connect-Cms -Profile ./x.json', 'Export-CmsObject / x.jsonl', 'Restore-TempAcl -Path x', 'Start-StateTransfer sqlite:/a.db sqlite:/b.db -TempPath x') {
        Push-Location Env:
        $failure = { Invoke-Expression $_ } | Should -Throw -ErrorId 'InvalidOption,*' -PassThru
        Pop-Location
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        $failure.TargetObject | Should -Not -BeNullOrEmpty
    }

    It 'a home that is another folder for each process is refused by name: <_>' -ForEach 'Start-CmsNode lost -Port 0', "Start-CmsNode lost -Port 0 -DataPath $([IO.Path]::GetTempPath())lost", 'Connect-Cms', 'Get-StateTransfer', 'Get-CmsNode lost' {
        $whole = $env:LOGGERCMS_HOME
        try {
            $env:LOGGERCMS_HOME = 'relative home'
            $failure = { Invoke-Expression $_ } | Should -Throw -ErrorId 'InvalidOption,*' -PassThru
        }
        finally { $env:LOGGERCMS_HOME = $whole }
        $failure.Exception.Message | Should -BeLike "LOGGERCMS_HOME is 'relative home'*"
        $failure.ErrorDetails.RecommendedAction | Should -Match ([regex]::Escape('$env:LOGGERCMS_HOME'))
        'relative home', "$([IO.Path]::GetTempPath())lost" | Where-Object { Test-Path $_ } | Should -BeNullOrEmpty
    }

    It 'Disconnect-Cms leaves a shell alone that is not connected' {
        Disconnect-Cms | Should -BeNullOrEmpty
    }

    It 'an address that is no node''s fails before a token goes there' {
        $token = ConvertTo-SecureString 'x' -AsPlainText -Force
        $failure = { Connect-Cms https://127.0.0.1:1/ -Token $token -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConnection,*' -PassThru
        $failure.Exception.Message | Should -BeLike '*certificate cannot be checked*'
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*-CaCertificatePath*'
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeLike '*-Credential*'
        $failure = { Connect-Cms https://127.0.0.1:1/ -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConnection,*' -PassThru
        $failure.ErrorDetails.RecommendedAction | Should -BeLike '*-CaCertificatePath, and -Credential or -Token*'
        Set-Content "$TestDrive/any.pem" 'x'
        $failure = { Connect-Cms https://127.0.0.1:1/ -CaCertificatePath "$TestDrive/any.pem" -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConnection,*' -PassThru
        $failure.Exception.Message | Should -BeLike '*no user or token*'

        # Until then the shell is connected to nothing.
        Disconnect-Cms
    }
}

Describe 'A node' {
    BeforeAll { $node = Start-TestNode one }

    It 'is ready, and is found without being connected to' {
        $node.State | Should -Be 'Ready'
        $node.Color | Should -Be 'Green'
        (Get-CmsNode).NodeId | Should -Be $node.NodeId
        (Get-CmsNode one).ProcessId | Should -Be $node.ProcessId
        (Get-RunTimeImage).Objects | Should -BeGreaterThan 10
    }

    It 'is not started twice, and says so' {
        $failure = { Start-CmsNode one -Port 0 -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'SideInService,*'
        $failure.CategoryInfo.Category | Should -Be 'ResourceBusy'
        $failure.TargetObject | Should -Be 'one'
        $failure.ErrorDetails.RecommendedAction | Should -Match 'Stop-CmsNode'
    }

    It 'whose folder is not this account''s to use is told so, and not that it has another folder' -Skip:$IsWindows {
        $profile = "$env:LOGGERCMS_HOME/nodes/one/admin.profile.json"
        chmod 644 $profile
        try { { Start-CmsNode one -Port 0 -ErrorAction Stop } | Should -Throw -ErrorId 'SecretExposed,*' -ExpectedMessage "*$profile*" }
        finally { chmod 600 $profile }
    }

    It 'keeps its token from every output' {
        $secret = (Get-Content "$env:LOGGERCMS_HOME/cms/one.profile.json" -Raw | ConvertFrom-Json).token
        $session = Connect-Cms -Profile one -PassThru
        ($session | Format-List * -Force | Out-String) | Should -Not -Match ([regex]::Escape($secret))
        ($session | ConvertTo-Json) | Should -Not -Match ([regex]::Escape($secret))
        Disconnect-Cms $session
    }

    It 'takes a token and an authority that are given' {
        $profile = Get-Content "$env:LOGGERCMS_HOME/cms/one.profile.json" -Raw | ConvertFrom-Json
        Set-Content "$TestDrive/ca.pem" $profile.ca
        $token = ConvertTo-SecureString $profile.token -AsPlainText -Force
        Connect-Cms $profile.endpoint -Token $token -CaCertificatePath "$TestDrive/ca.pem"
        (Get-CmsNode).Name | Should -Be 'one'
        { Connect-Cms $profile.endpoint -Token (ConvertTo-SecureString 'lcms_wrong' -AsPlainText -Force) -ErrorAction Stop } | Should -Throw -ErrorId 'Unauthenticated,*'
        Disconnect-Cms
    }

    It 'answers in a job and in other runspaces of the shell' {
        Connect-Cms -Profile one
        $module = $ModulePath
        1..4 | ForEach-Object -Parallel { Import-Module $using:module; (Get-CmsNode).Name } | Should -Be 'one', 'one', 'one', 'one'
        $fromJob = Start-Job { Import-Module $using:module; Get-CmsNode } | Receive-Job -Wait -AutoRemoveJob
        $fromJob.Name | Should -Be 'one'
        $fromJob.PSObject.TypeNames | Should -Contain 'Deserialized.LoggerCms.CmsNodeInfo'
        $fromJob.Reconcile.Status | Should -Be 'NothingToDo'
        Disconnect-Cms
    }

    It 'goes on when the shell that started it ends' {
        $text = Invoke-FreshShell "(Start-CmsNode other -Port 0).ProcessId"
        $started.Add([int]$text)
        $other = Get-CmsNode other
        $other.State | Should -Be 'Ready'
        $other.ProcessId | Should -Be ([int]$text)
        if ($IsLinux) {
            # Field 6 behind the name: the session is its own, so no terminal's Ctrl+C or hang-up is for it.
            ((Get-Content "/proc/$($other.ProcessId)/stat" -Raw) -replace '^.*\) ').Split(' ')[3] | Should -Be "$($other.ProcessId)"
        }
        Stop-CmsNode other
        Test-Runs $other.ProcessId | Should -BeFalse
    }

    It 'is found again at the address that it has after a restart' {
        Connect-Cms -Profile one
        Stop-CmsNode
        { Get-CmsNode -ErrorAction Stop } | Should -Throw -ErrorId 'ServerUnreachable,*'
        $node = Start-TestNode one
        (Get-CmsNode).ProcessId | Should -Be $node.ProcessId
        (Get-CmsNode one).ProcessId | Should -Be $node.ProcessId
        Disconnect-Cms
    }

    It 'is killed, starts again, and has everything; -WhatIf changes nothing' {
        $id = New-Folder 'kept'
        $node = Get-CmsNode one
        Stop-Hard $node
        $files = Get-DeltaFile $node.DeltaPath
        $files.State | Should -Not -Contain 'Damaged'
        (Get-DeltaFile $node.DeltaPath -Record).Count | Should -BeGreaterThan 0

        $plan = Invoke-DeltaReconcile $node.DeltaPath -Database $node.Database -WhatIf
        $plan.Status | Should -Be 'WhatIf'
        (Get-DeltaFile $node.DeltaPath).Path | Should -Be $files.Path

        $node = Start-TestNode one
        $node.Reconcile.Records | Should -BeGreaterThan 0
        $again = Get-RunTimeImage one
        { New-Folder 'kept' } | Should -Throw
        (Get-RunTimeImage one).Objects | Should -Be $again.Objects
        $id | Should -BeGreaterThan 999
    }

    It 'is killed, and its files are brought in without it: what they tell the audit is not lost' {
        $null = New-Folder 'told'
        $node = Get-CmsNode one
        Stop-Hard $node
        $moved = "$TestDrive/moved"
        Copy-Item $node.DeltaPath $moved -Recurse
        (Invoke-DeltaReconcile $node.DeltaPath -Database $node.Database -Confirm:$false).AuditPath | Should -BeNullOrEmpty
        $again = Invoke-DeltaReconcile $moved -Database $node.Database -Confirm:$false -WarningVariable warned -WarningAction SilentlyContinue
        $again.Applied | Should -Be 0
        $again.AuditPath | Should -Be "$moved.audit"
        "$warned" | Should -Match 'audit events'
        Get-ChildItem $again.AuditPath -Filter *.audit | Should -Not -BeNullOrEmpty

        $null = Start-TestNode one
        for ($tries = 0; $tries -lt 100 -and -not (Get-CmsAuditEvent -Action Create -Text told); $tries++) { Start-Sleep -Milliseconds 100 }
        (Get-CmsAuditEvent -Action Create -Text told).ObjectName | Should -Be 'told'
    }

    It 'asks before a reconcile, which no prompt can answer here' {
        $text = Invoke-FreshShell 'try { Invoke-DeltaReconcile -ErrorAction Stop } catch { $_.FullyQualifiedErrorId }'
        $text -join ' ' | Should -Match 'ConfirmationNotPossible'
        # Files of the last run may still be there until the first flush; what they hold is not applied again.
        $result = Invoke-DeltaReconcile -Confirm:$false
        $result.Status | Should -BeIn 'NothingToDo', 'Completed'
        $result.Applied | Should -Be 0
    }

    It 'is not taken over without an answer' {
        $database = (Get-CmsNode one).Database
        $text = Invoke-FreshShell "try { Start-CmsNode thief -Port 0 -Database '$database' -TakeOver -ErrorAction Stop } catch { `$_.FullyQualifiedErrorId }"
        $text -join ' ' | Should -Match 'ConfirmationNotPossible'
        $failure = { Start-CmsNode thief -Port 0 -Database $database -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'SideInService,*'
        (Start-CmsNode thief -Port 0 -Database $database -TakeOver -WhatIf 6>&1) | Should -BeNullOrEmpty
        (Get-CmsNode one).State | Should -Be 'Ready'
    }

    It 'stands beside another one' {
        $two = Start-TestNode two
        $one = Get-CmsNode one
        $one.SystemId | Should -Not -Be $two.SystemId
        (Get-CmsNode).Name | Should -Be 'two' -Because 'the last that was started is found without a name'
        (Get-CmsNode one, two).Name | Should -Be 'one', 'two'
        $session = Connect-Cms -Profile one -PassThru
        (Get-CmsNode -Connection two).Name | Should -Be 'two'
        (Get-CmsNode -Connection $session).Name | Should -Be 'one'
        (Get-CmsNode).Name | Should -Be 'one'
        (Get-CmsNode -Connection $two).Name | Should -Be 'two'

        # One node's profile and the other's address: another authority.
        { Connect-Cms $two.Endpoint -Profile one -ErrorAction Stop } | Should -Throw -ErrorId 'CertificateNotTrusted,*'
        Disconnect-Cms
        Disconnect-Cms $session
        { Get-CmsNode -Connection $session -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidConnection,*'
        Stop-CmsNode two
    }

    It 'one that fails among several is one error' {
        $found = Get-CmsNode nobody, one -ErrorAction SilentlyContinue -ErrorVariable failures
        $found.Name | Should -Be 'one'
        $failures.Count | Should -Be 1
    }

    It 'completes the nodes that the session has seen' {
        (TabExpansion2 'Get-CmsNode o').CompletionMatches.CompletionText | Should -Contain 'one'
    }

    It 'stops without a trace: no process, no delta file; -WhatIf does not' {
        $before = Get-CmsNode one
        Stop-CmsNode one -WhatIf
        Test-Runs $before.ProcessId | Should -BeTrue
        Get-CmsNode one | Stop-CmsNode | Should -BeNullOrEmpty
        Test-Runs $before.ProcessId | Should -BeFalse
        Get-ChildItem $before.DeltaPath | Should -BeNullOrEmpty
        $failure = { Get-CmsNode one -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'ServerUnreachable,*'
    }
}

Describe 'A node that was killed, whose side another one takes' {
    It 'is refused without -TakeOver, says what may be lost, and is taken with it' {
        $database = "$TestDrive/taken.db"
        $first = Start-TestNode first @{ Database = $database }
        $kept = New-CmsObject '/Root Folder' 'kept' Folder -Connection first
        Stop-CmsNode first
        $first = Start-TestNode first @{ Database = $database }
        Stop-Hard $first

        $failure = { Start-CmsNode second -Port 0 -Database $database -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'SideInService,*'
        $failure.Exception.Message | Should -Match "Node 'first'"
        $failure.ErrorDetails.RecommendedAction | Should -Match '-TakeOver, which may lose what only its delta files hold'
        $text = Invoke-FreshShell "Start-CmsNode second -Port 0 -Database '$database' -TakeOver -WhatIf"
        $text -join ' ' | Should -Match 'may be lost or come back as conflicts'

        $second = Start-TestNode second @{ Database = $database; TakeOver = $true; Confirm = $false }
        $second.State | Should -Be 'Ready'
        $second.NodeId | Should -Not -Be $first.NodeId
        $second.Epoch | Should -BeGreaterThan $first.Epoch
        (Get-CmsObject -Id $kept.Id -Connection second).Name | Should -Be 'kept'
        { Start-CmsNode first -Port 0 -Database $database -ErrorAction Stop } | Should -Throw -ErrorId 'SideInService,*'
        Stop-CmsNode second
    }
}

Describe 'A side that is restored over what it holds' {
    It 'is as it was at the backup, is another system, needs -Force, and uses no number again' {
        $node = Start-TestNode restored
        $database = $node.Database
        $data = Split-Path $node.DeltaPath
        $kept = New-CmsObject '/Root Folder' 'kept' Folder -Connection restored
        $gone = New-CmsObject '/Root Folder' 'removed later' Folder -Connection restored
        $backup = Backup-CmsSide "$TestDrive/over" -Connection restored
        $later = New-CmsObject '/Root Folder' 'later' Folder -Connection restored
        Remove-CmsObject -Id $gone.Id -Connection restored -Confirm:$false
        $last = (Get-CmsNode restored).LastUpdateKey
        { Restore-CmsSide $backup.Path $database -Force -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'SideInService,*'
        Stop-CmsNode restored

        $failure = { Restore-CmsSide $backup.Path $database -DataPath $data -Confirm:$false -ErrorAction Stop } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -BeLike 'DestinationAhead,*'
        $failure.ErrorDetails.RecommendedAction | Should -Match '-Force'
        (Restore-CmsSide $backup.Path $database -DataPath $data -Force -Confirm:$false).Checksum | Should -Be $backup.Checksum

        $again = Start-TestNode restored
        $again.SystemId | Should -Not -Be $node.SystemId
        $again.Reconcile.Status | Should -Be 'NothingToDo'
        (Get-CmsObject '/Root Folder' -Children -Connection restored).Name | Sort-Object | Should -Be 'kept', 'removed later'
        (Get-CmsObject -Id $kept.Id -Connection restored).UpdateKey | Should -Be $kept.UpdateKey
        $new = New-CmsObject '/Root Folder' 'new' Folder -Connection restored
        $new.Id | Should -BeGreaterThan $later.Id
        $new.UpdateKey | Should -BeGreaterThan $last
        Stop-CmsNode restored
    }

    It 'names the command that shows what the delta files that it set aside hold' {
        $node = Start-TestNode lost
        $null = Backup-CmsSide "$TestDrive/before" -Connection lost
        # Without its database the node acknowledges changes and cannot flush them.
        Move-Item $node.Database "$($node.Database).lost"
        $made = New-CmsObject '/Root Folder' 'only in a delta file' Txt -Property @{ text = 'x'; number = 7; inner = @{ list = 1, 2 } } -Connection lost
        $null = New-CmsUser -Credential ([pscredential]::new('jane', (ConvertTo-SecureString 'Pass-1 word' -AsPlainText -Force))) -Connection lost
        Remove-CmsObject -Id $made.Id -Connection lost -Confirm:$false
        Stop-Hard $node

        $null = Restore-CmsSide "$TestDrive/before" $node.Database -DataPath (Split-Path $node.DeltaPath) -Confirm:$false -WarningVariable warned -WarningAction SilentlyContinue
        "$warned" -match "Get-ChildItem '.*' \| Get-DeltaFile -Record$" | Should -BeTrue -Because $warned
        $records = @(Invoke-Expression $Matches[0])
        $of = $records | Group-Object { "$($_.Changes[0].Operation) $($_.Changes[0].Name)" } -AsHashTable
        $there, $gone = $of["Create $($made.Name)"][0], $of["Remove $($made.Name)"][0]
        $there.PrincipalId, $there.Changes.Count | Should -Be 12, 1
        $there.Time | Should -BeGreaterThan ([DateTimeOffset]::Now.AddMinutes(-10))
        foreach ($name in 'Id', 'Cuid', 'Kind', 'Name', 'ParentId', 'Version', 'UpdateKey') { $there.Changes[0].$name | Should -Be $made.$name -Because $name }
        $properties = $there.Changes[0].Properties
        $properties | ConvertTo-Json | Should -Be ($made.Properties | ConvertTo-Json)
        $properties.number | Should -BeOfType [long]
        $gone.Changes.Id, $gone.Changes.Kind | Should -Be $made.Id, 'Txt'
        $records.Changes.Name | Should -Contain 'jane'
        $records.Changes.Properties.Keys | Should -Not -Contain 'SI_PASSWORD'
        ($records | Out-String -Width 120) -replace '\s+', ' ' | Should -BeLike "*Create Txt 'only in a delta file' (id $($made.Id))*Create User 'jane'*Remove Txt*"
        @($records.Where{ $_.Changes.Count -gt 1 }[0].Changes[0]).Count | Should -Be 1
        (Start-Job { Import-Module $using:ModulePath; Get-DeltaFile $using:there.Path -Record } | Receive-Job -Wait -AutoRemoveJob | Where-Object UpdateKey -EQ $made.UpdateKey).Changes[0].Properties.inner.list | Should -Be 1, 2
    }
}

Describe 'Import-Module' {
    It 'loads nothing of nodes, and a failed lookup no driver' {
        $loaded = Invoke-FreshShell 'Get-CmsNode -ErrorAction Ignore; [AppDomain]::CurrentDomain.GetAssemblies().GetName().Name'
        $loaded | Should -Contain 'LoggerCms.Client'
        $loaded -match '^(LoggerCms\.Databases|Npgsql|Microsoft\.Data|SQLitePCL)' | Should -BeNullOrEmpty
        Invoke-FreshShell '[AppDomain]::CurrentDomain.GetAssemblies().GetName().Name' | Should -Not -Contain 'LoggerCms.Client'
    }
}
