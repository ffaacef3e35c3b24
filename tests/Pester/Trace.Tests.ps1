# Traces through the module: the sample traces, the pipeline, a transfer that fails and what its trace tells.
param([string] $Configuration = 'Debug')

BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    Set-TestHome $TestDrive
    Import-Module $ModulePath
    New-Sides $TestDrive
    Copy-Item "$Root/examples/traces/*.txt" $TestDrive
    Push-Location $TestDrive
}

AfterAll {
    Pop-Location
    Remove-Item Env:LOGGERCMS_HOME
}

Describe 'Get-LoggerTrace' {
    It 'reads files by path, wildcard, literal path and from the pipeline' {
        @(Get-LoggerTrace sender-side-b.txt).Count | Should -Be 9
        @(Get-LoggerTrace ./incident-side-*.txt).Path | Sort-Object -Unique | Should -Be (Join-Path $TestDrive incident-side-a.txt), (Join-Path $TestDrive incident-side-b.txt)
        Copy-Item sender-side-b.txt 'with [brackets].txt'
        @(Get-LoggerTrace -LiteralPath 'with [brackets].txt').Count | Should -Be 9
        @(Get-Item -LiteralPath 'with [brackets].txt' | Get-LoggerTrace).Count | Should -Be 9
        @([pscustomobject]@{ Path = 'sender-side-b.txt' } | Get-LoggerTrace).Count | Should -Be 9
        @([pscustomobject]@{ TracePath = (Join-Path $TestDrive sender-side-b.txt) } | Get-LoggerTrace).Count | Should -Be 9
    }

    It 'takes strings from the pipeline as text' {
        $asLines = Get-Content sender-side-b.txt | Get-LoggerTrace
        $asText = Get-Content sender-side-b.txt -Raw | Get-LoggerTrace
        @($asLines).Count | Should -Be 9
        $asText.Message | Should -Be $asLines.Message
        $asLines[6].Message | Should -BeLike 'Unable to GetTempFileName*Access is denied.'
        $asLines[0].Path | Should -BeNullOrEmpty
    }

    It 'selects by time and by number' {
        @(Get-LoggerTrace incident-side-b.txt -After 16:47).Count | Should -Be 9
        @(Get-LoggerTrace incident-side-b.txt -Before 2005-02-03T16:41:00).Count | Should -Be 3
        @(Get-LoggerTrace incident-side-b.txt -Tail 2).Message | Should -Be 'Unable to setup to use file in sending state.', 'CleanupPreparedState'
        @(Get-LoggerTrace sender-side-b.txt -Date 2004-11-30 -After 2004-11-30T16:00:00).Count | Should -Be 9
        @(Get-LoggerTrace sender-side-b.txt -After 2004-11-30 -WarningVariable warned -WarningAction SilentlyContinue).Count | Should -Be 0
        $warned | Should -BeLike '*-Date*'
    }

    It 'refuses a bad time, a missing file and -Wait on two files' {
        { Get-LoggerTrace sender-side-b.txt -After yesterday } | Should -Throw -ErrorId 'CannotConvertArgumentNoMessage,*'
        { Get-LoggerTrace none.txt } | Should -Throw -ErrorId 'TraceNotFound,*'
        { Get-LoggerTrace *.none } | Should -Throw -ErrorId 'TraceNotFound,*'
        { Get-LoggerTrace *-b.txt -Wait } | Should -Throw -ErrorId 'InvalidOption,*'
        @('none.txt', 'sender-side-b.txt' | ForEach-Object { [pscustomobject]@{ Path = $_ } } | Get-LoggerTrace -ErrorAction SilentlyContinue -ErrorVariable failed).Count | Should -Be 9
        $failed.Count | Should -Be 1
    }

    It 'follows a file until the pipeline has enough or is stopped' {
        Copy-Item sender-side-b.txt growing.txt
        Get-LoggerTrace growing.txt -Wait | Select-Object -First 9 -ExpandProperty Line | Select-Object -Last 1 | Should -Be 11
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$ModulePath'; Get-LoggerTrace '$TestDrive/growing.txt' -Wait")
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $run = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
        while ($output.Count -lt 9) { if ($run.AsyncWaitHandle.WaitOne(20)) { throw "it ended by itself: $($shell.Streams.Error)" } }
        Add-Content growing.txt '16:50:00 one more'
        while ($output.Count -lt 10) { if ($run.AsyncWaitHandle.WaitOne(20)) { throw "it ended by itself: $($shell.Streams.Error)" } }
        $output[9].Message | Should -Be 'one more'
        $shell.Stop()
        $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        $shell.Dispose()
    }

    It 'shows controls of a trace without letting them steer the terminal' {
        "16:00:00 a$([char]27)[31mb" | Set-Content control.txt
        $line = Get-LoggerTrace control.txt
        $line.Message | Should -Be "a$([char]27)[31mb"
        $line | Format-Table | Out-String | Should -Not -Match "a$([char]27)"
    }
}

Describe 'Find-LoggerFault' {
    It 'says of the seed''s receiver that it tells nothing, and of both that they do not belong together' {
        $alone = Find-LoggerFault receiver-side-a.txt
        $alone.Cause | Should -Be 'SenderTraceNeeded'
        $alone.RemedyCommand | Should -BeLike 'Find-LoggerFault -SideA*-SideB*'
        (Find-LoggerFault -SideA receiver-side-a.txt -SideB sender-side-b.txt).Cause | Should -Contain 'TracesDoNotBelongTogether'
    }

    It 'finds the cause in the sender''s trace, from files, folders and the pipeline' {
        $null = New-Item -ItemType Directory folder
        Copy-Item incident-side-*.txt folder
        foreach ($faults in (Find-LoggerFault -SideA incident-side-a.txt -SideB incident-side-b.txt), (Find-LoggerFault folder),
            (Get-ChildItem incident-side-*.txt | Find-LoggerFault), (Get-LoggerTrace incident-side-*.txt | Find-LoggerFault)) {
            $faults.Cause | Should -Be 'AccessDenied', 'MemoryStateNotTransferred'
            $faults[0].Side | Should -Be 'B'
            $faults[0].Source | Should -Match '45340'
        }
    }

    It 'gives commands that parse, in every finding' {
        foreach ($fault in Find-LoggerFault *.txt) {
            $errors = $null
            $null = [System.Management.Automation.Language.Parser]::ParseInput($fault.RemedyCommand, [ref]$null, [ref]$errors)
            $errors | Should -BeNullOrEmpty
        }
    }

    It 'stays flat over remoting' {
        $fault = (Find-LoggerFault incident-side-b.txt)[0]
        $back = [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($fault, 1))
        $back.Certainty -eq 'Certain' | Should -BeTrue
        $back.Evidence[0] | Should -BeLike '*incident-side-b.txt:11: 16:47:39 Unable to GetTempFileName*'
        $back.Line | Should -Be 11
    }

    It 'explains a transfer that failed, whose error names the trace' {
        $failure = { Start-StateTransfer a.db b.db -TempPath ./nowhere -Confirm:$false } | Should -Throw -ErrorId 'TempFolderUnusable,*' -PassThru
        $command = ($failure.ErrorDetails.RecommendedAction -split "`n")[-1].Trim()
        $command | Should -BeLike 'Find-LoggerFault -LiteralPath*'
        $fault = Invoke-Expression $command
        $fault.Cause | Should -Be 'Missing'
        $fault.RemedyCommand | Should -BeLike "Test-TempAccess -Path '$(Join-Path $TestDrive nowhere)'*"
        (Get-StateTransfer | Where-Object Status -eq Failed | Find-LoggerFault).Cause | Should -Be 'Missing'
    }

    It 'finds nothing in the trace of a transfer that went well' {
        $result = Start-StateTransfer a.db b.db -Confirm:$false
        $result | Find-LoggerFault | Should -BeNullOrEmpty
        @($result | Get-LoggerTrace).Count | Should -BeGreaterThan 10
        (Clear-StateTransferTemp -Id $result.Id -Kind Trace -Confirm:$false).Path | Should -Be $result.TracePath
        Test-Path $result.TracePath | Should -BeFalse
    }
}
