# The shell's side in every case, against an engine that does what a side's file name says.
param([string] $Configuration = 'Debug')

BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    $manifest = New-ScriptedModule -Folder $TestDrive -Configuration $Configuration
    $log = Join-Path $TestDrive 'engine.log'
    $env:LOGGERCMS_SCRIPT_LOG = $log
    Import-Module $manifest
    Push-Location $TestDrive

    # Starts a script in its own runspace, waits for the engine to say that it hangs, stops it, and gives the state and time.
    function Stop-WhenHanging([string] $Script) {
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$manifest'; Set-Location '$TestDrive'; $Script")
        $run = $shell.BeginInvoke()
        while (-not ((Test-Path $log) -and (Get-Content $log) -contains 'hanging')) {
            if ($run.AsyncWaitHandle.WaitOne(20)) { throw "it did not hang: $($shell.Streams.Error)" }
        }
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $shell.Stop()
        [pscustomobject]@{ State = $shell.InvocationStateInfo.State; Elapsed = $clock.Elapsed; Log = Get-Content $log }
        $shell.Dispose()
    }
}

AfterAll {
    Pop-Location
    Remove-Item Env:LOGGERCMS_SCRIPT_LOG
}

Describe 'A failure' {
    It 'is an error record with the code as id, a category, the input as target and the remedy: <_>' -ForEach 'DatabaseNotFound', 'DiskFull', 'DestinationInUse', 'AuthenticationFailed' {
        $failure = { Start-StateTransfer a.db "fail-$_" -Confirm:$false } | Should -Throw -PassThru
        $failure.FullyQualifiedErrorId | Should -Be "$_,LoggerCms.PowerShell.Commands.StartStateTransferCommand"
        $failure.CategoryInfo.Category | Should -Not -Be 'NotSpecified'
        $failure.TargetObject.DataSource | Should -Be (Join-Path $TestDrive "fail-$_")
        $failure.ErrorDetails.RecommendedAction | Should -Be "Remedy of $_."
        $failure.ErrorDetails.Message | Should -Match '^Connect: '
    }

    It 'of one side of many is non-terminating and the others are still read' {
        $states = Get-SideState a.db, fail-AccessDenied, b.db -ErrorVariable failures -ErrorAction SilentlyContinue
        $states.Side | Should -Be (Join-Path $TestDrive a.db), (Join-Path $TestDrive b.db)
        $failures.Count | Should -Be 1
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'AccessDenied,*'
    }

    It 'of one side of a pipeline is non-terminating' {
        $states = 'fail-AccessDenied', 'b.db' | Get-SideState -ErrorVariable failures -ErrorAction SilentlyContinue
        @($states).Count | Should -Be 1
        $failures.Count | Should -Be 1
    }

    It 'of the only side is terminating, whatever the preference' {
        { Get-SideState fail-AccessDenied -ErrorAction SilentlyContinue } | Should -Throw -ErrorId 'AccessDenied,*'
    }

    It 'that is not typed still does not end the shell' {
        { Get-SideState crash } | Should -Throw -ErrorId 'Unexpected,*'
    }

    It 'to find a transfer names the id' {
        { Get-StateTransfer ([guid]::Empty) } | Should -Throw -ErrorId 'TransferNotFound,*'
    }
}

Describe 'ShouldProcess' {
    BeforeEach { Remove-Item $log -ErrorAction Ignore }

    It '-WhatIf runs the engine with WhatIf and gives its result' {
        $result = Start-StateTransfer a.db b.db -WhatIf
        $result.Status | Should -Be 'WhatIf'
        Get-Content $log | Should -Contain "transfer WhatIf=True TempPath= LockTimeout=00:00:30 Table="
        Get-Content $log | Should -Not -Contain 'first change'
    }

    It '$WhatIfPreference does the same' {
        $WhatIfPreference = $true
        (Start-StateTransfer a.db b.db).Status | Should -Be 'WhatIf'
    }

    It '-Confirm:$false never asks' {
        (Start-StateTransfer a.db b.db -Confirm:$false).Status | Should -Be 'Completed'
        Get-Content $log | Should -Contain 'first change'
    }

    It 'asks only when there is something to change' {
        $text = Invoke-FreshShell -Module $manifest "(Start-StateTransfer a.db same).Status"
        $text | Should -Contain 'AlreadyInState'
    }

    It 'is an error under -NonInteractive, and nothing is changed' {
        $text = Invoke-FreshShell -Module $manifest "try { Start-StateTransfer a.db b.db } catch { 'caught ' + `$_.Exception.Message }"
        $text -join "`n" | Should -Match 'caught .*NonInteractive'
        Get-Content $log | Should -Not -Contain 'first change'
        Get-Content $log | Should -Contain 'not confirmed'
    }

    It 'of Undo under -WhatIf lets the engine check' {
        (Undo-StateTransfer ([guid]::NewGuid()) -WhatIf).Status | Should -Be 'WhatIf'
    }

    It 'of <Name> under -WhatIf changes nothing' -ForEach @(
        @{ Name = 'Resume-StateTransfer'; Script = { Resume-StateTransfer ([guid]::NewGuid()) -WhatIf }; Word = 'resume' }
        @{ Name = 'Stop-StateTransfer'; Script = { Stop-StateTransfer ([guid]::NewGuid()) -WhatIf }; Word = 'stop' }
        @{ Name = 'Enable-ConfigMessageLog'; Script = { Enable-ConfigMessageLog a.db -WhatIf }; Word = 'enable' }
        @{ Name = 'Disable-ConfigMessageLog'; Script = { Disable-ConfigMessageLog a.db -WhatIf }; Word = 'disable' }
        @{ Name = 'Clear-StateTransferTemp'; Script = { Clear-StateTransferTemp -All -WhatIf }; Word = 'remove' }
    ) {
        & $Script | Out-Null
        (Get-Content $log -ErrorAction Ignore) -match "^$Word" | Should -BeNullOrEmpty
    }
}

Describe 'Stopping' {
    BeforeEach { Remove-Item $log -ErrorAction Ignore }

    It 'cancels <_> at once and waits for the engine' -ForEach @(
        "Start-StateTransfer a.db hang -Confirm:`$false"
        "Get-SideState hang"
        "Get-ConfigMessageLog hang -Entries"
        "Compare-SideState a.db hang -Detailed"
        "Get-LoggerTrace hang"
        "Find-LoggerFault hang"
    ) {
        $stopped = Stop-WhenHanging $_
        $stopped.State | Should -Be 'Stopped'
        $stopped.Elapsed.TotalSeconds | Should -BeLessThan 5
        $stopped.Log | Should -Not -Contain 'first change'
    }

    It 'by a downstream command ends the work early' {
        @(Compare-SideState a.db flood -Detailed | Select-Object -First 3).Count | Should -Be 3
        (Get-Content $log) | Should -Not -Contain 'difference 19000'
    }
}

Describe 'Output' {
    It 'brings every row to the pipeline in order, however slow the reader' {
        $keys = Compare-SideState a.db flood -Detailed | ForEach-Object { [int]$_.Key }
        $keys.Count | Should -Be 20000
        $keys[0, 10000, 19999] | Should -Be 0, 10000, 19999
    }

    It 'brings every message of a trace to the pipeline, and ends when it has enough' {
        @(Get-LoggerTrace flood)[19999].Line | Should -Be 20000
        @(Get-LoggerTrace flood | Select-Object -First 3).Count | Should -Be 3
    }

    It 'coalesces progress to a few records a second' {
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$manifest'; Set-Location '$TestDrive'; Get-SideState flood")
        $null = $shell.Invoke()
        $shell.Streams.Progress.Count | Should -BeLessThan 50
        $shell.Streams.Progress.Count | Should -BeGreaterThan 0
        $shell.Streams.Progress[-1].RecordType | Should -Be 'Completed'
        $shell.Dispose()
    }

    It 'says the mode and the phases under -Verbose' {
        $verbose = Start-StateTransfer a.db b.db -Confirm:$false -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }
        $verbose.Message | Should -Contain 'Mode Rows: the script says so'
        $verbose.Message | Should -Contain 'Connect: Done'
    }

    It 'keeps phases flat over a job or remoting' {
        $xml = [Management.Automation.PSSerializer]::Serialize((Start-StateTransfer a.db b.db -Confirm:$false), 1)
        $back = [Management.Automation.PSSerializer]::Deserialize($xml)
        $back.Phases[0].Result | Should -Be 'Done'
        $back.Phases[0].Phase | Should -Be 'Connect'
        $back.Status -eq 'Completed' | Should -BeTrue
    }
}

Describe 'Parameters' {
    BeforeEach { Remove-Item $log -ErrorAction Ignore }

    It 'take paths of the shell, not of the process' {
        $null = New-Item -ItemType Directory "$TestDrive/sub" -Force
        $null = New-PSDrive -Name side -PSProvider FileSystem -Root "$TestDrive/sub" -Scope Script
        (Get-SideState side:/x.db).Database | Should -Be (Join-Path $TestDrive 'sub/x.db')
        (Get-SideState sqlite:./x.db).Database | Should -Be (Join-Path $TestDrive 'x.db')
        $null = Start-StateTransfer a.db b.db -TempPath ./spool -Confirm:$false
        Get-Content $log | Should -Contain "transfer WhatIf=False TempPath=$(Join-Path $TestDrive 'spool') LockTimeout=00:00:30 Table="
    }

    It 'refuse a path of another provider' {
        { Get-SideState Env:PATH } | Should -Throw '*not a path of the file system*'
    }

    It 'take files and connections from the pipeline' {
        $null = New-Item "$TestDrive/file.db" -Force
        (Get-ChildItem "$TestDrive/file.db" | Get-SideState).Database | Should -Be (Join-Path $TestDrive file.db)
        (New-SideConnection x.db -Name A | Get-SideState).Side | Should -Be 'A'
    }

    It 'take what New-SideConnection makes of the same text' {
        "$(New-SideConnection 'postgresql:Host=x;Database=cms' -Name A)" | Should -Be 'postgresql:host=x;database=cms'
        "$(New-SideConnection 'sqlite:x.db')" | Should -Be "$(New-SideConnection x.db)"
    }

    It 'take a connection that came over remoting' {
        $remote = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((New-SideConnection x.db -Name A)))
        (Get-SideState $remote).Side | Should -Be 'A'
    }

    It 'take a bare number as seconds' {
        $null = Start-StateTransfer a.db b.db -LockTimeout 5 -Confirm:$false
        $null = Start-StateTransfer a.db b.db -LockTimeout 00:01:00 -Confirm:$false
        (Get-Content $log) -match 'LockTimeout=00:00:05' | Should -Not -BeNullOrEmpty
        (Get-Content $log) -match 'LockTimeout=00:01:00' | Should -Not -BeNullOrEmpty
    }

    It 'chain by property names' {
        $id = [guid]::NewGuid()
        Get-StateTransfer $id | Undo-StateTransfer -Confirm:$false | ForEach-Object Undoes | Should -Be $id
        Get-StateTransfer $id | Resume-StateTransfer -Confirm:$false | ForEach-Object Id | Should -Be $id
        Get-StateTransfer $id | Stop-StateTransfer -PassThru | ForEach-Object Id | Should -Be $id
    }

    It 'complete tables and ids that this session has seen, quoted where needed' {
        $null = Get-SideState a.db
        $words = [Management.Automation.CommandCompletion]::CompleteInput('Get-SideState a.db -Table Ag', 27, $null).CompletionMatches
        $words.CompletionText | Should -Contain "'Agent Team'"
        $transfer = Start-StateTransfer a.db b.db -Confirm:$false
        $line = 'Undo-StateTransfer -Id 0000'
        [Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText | Should -Contain "$($transfer.Id)"
    }
}

Describe 'Secrets' {
    It 'are in no output, error or progress' {
        $credential = [pscredential]::new('admin', (ConvertTo-SecureString 'S3cret!' -AsPlainText -Force))
        $all = & {
            New-SideConnection -Provider PostgreSql -Server db1:5433 -Database cms -Credential $credential | Format-List * -Force
            New-SideConnection -Provider SqlServer -Server db1 -Database cms -Credential $credential | ConvertTo-Json
            New-SideConnection -Provider PostgreSql -ConnectionString 'Host=x;Username=admin;Password=S3cret!' | Format-List * -Force
            Get-SideState 'postgresql:Host=x;Username=admin;Password=S3cret!' -Verbose
            New-SideConnection 'postgresql:Host=x;Username=admin;Password=S3cret!' -Name A | Format-List * -Force
            try { New-SideConnection 'postgres:Host=x;Password=S3cret!' } catch { $_ | Format-List * -Force }
            try { Get-SideState 'postgresql:Host=x;Password="S3cret!' } catch { $_ | Format-List * -Force }
            try { Compare-SideState a.db 'sqlserver:fail-AccessDenied;Password=S3cret!' } catch { $_ | Format-List * -Force }
        } *>&1 | Out-String
        $all | Should -Not -Match 'S3cret'
        $all | Should -Match 'admin'
    }
}

Describe 'Clear-StateTransferTemp' {
    BeforeEach { Remove-Item $log -ErrorAction Ignore }

    It 'takes only what has expired unless told otherwise' {
        (Clear-StateTransferTemp -Confirm:$false).Kind | Should -Be 'Spool'
        (Clear-StateTransferTemp -All -Confirm:$false).Kind | Should -Be 'Undo', 'Spool'
        (Clear-StateTransferTemp -All -Kind Undo -Confirm:$false).Kind | Should -Be 'Undo'
        (Clear-StateTransferTemp -Id 00000001-0000-0000-0000-000000000000 -Confirm:$false).Kind | Should -Be 'Undo'
    }
}

Describe 'A job' {
    BeforeEach { Remove-Item $log -ErrorAction Ignore }
    AfterEach { Get-Job | Remove-Job -Force }

    It 'gives its result to Receive-Job' {
        $job = Start-StateTransfer a.db b.db -AsJob -Confirm:$false
        $job | Should -BeOfType [Management.Automation.Job]
        $result = $job | Receive-Job -Wait
        $result.Status | Should -Be 'Completed'
        $job.State | Should -Be 'Completed'
        $job.HasMoreData | Should -BeFalse
    }

    It 'can be stopped' {
        $job = Start-StateTransfer a.db hang -AsJob -Confirm:$false
        while (-not ((Test-Path $log) -and (Get-Content $log) -contains 'hanging')) { $null = $job.Finished.WaitOne(20) }
        $job | Stop-Job
        ($job | Wait-Job -Timeout 10).State | Should -Be 'Stopped'
        (Receive-Job $job).Status | Should -Be 'Cancelled'
    }

    It 'that fails has the error record' {
        $job = Start-StateTransfer a.db fail-DiskFull -AsJob -Confirm:$false | Wait-Job
        $job.State | Should -Be 'Failed'
        $null = Receive-Job $job -ErrorVariable failures -ErrorAction SilentlyContinue
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'DiskFull*'
    }

    It 'is not started under -WhatIf' {
        (Start-StateTransfer a.db b.db -AsJob -WhatIf).Status | Should -Be 'WhatIf'
        Get-Job | Should -BeNullOrEmpty
    }

    It 'is not started where nobody can be asked' {
        $text = Invoke-FreshShell -Module $manifest "try { Start-StateTransfer a.db b.db -AsJob } catch { 'caught' }; @(Get-Job).Count"
        $text | Should -Be 'caught', '0'
    }
}
