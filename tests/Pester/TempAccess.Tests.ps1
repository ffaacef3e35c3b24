# Test-TempAccess, Repair-TempAcl and Restore-TempAcl in a real shell. Parts that need root or a tool are skipped by name.
param([string] $Configuration = 'Debug')

BeforeDiscovery {
    $missing = 'useradd', 'userdel', 'setpriv', 'setfacl' | Where-Object { -not (Get-Command $_ -CommandType Application -ErrorAction Ignore) }
    $why = if (-not $IsLinux) { 'needs Linux' }
    elseif (-not [Environment]::IsPrivilegedProcess) { 'needs root' }
    elseif ($missing) { "needs $missing" }
}

Describe 'The temp cmdlets' {
    BeforeAll {
        . "$PSScriptRoot/Common.ps1"
        Set-TestHome $TestDrive
        Import-Module $ModulePath
    }
    AfterAll { Remove-Item Env:LOGGERCMS_HOME }

    It 'give words as text that survives remoting' {
        $check = Test-TempAccess -Path $TestDrive | Select-Object -Last 1
        $check.Cause | Should -BeOfType string
        $check.Cause | Should -Be 'None'
        $copy = [System.Management.Automation.PSSerializer]::Deserialize([System.Management.Automation.PSSerializer]::Serialize($check, 1))
        $copy.Check, $copy.Passed, $copy.Cause, $copy.Method, $copy.Path | Should -Be 'Overall', $true, 'None', 'Probed', "$TestDrive"
    }

    It 'resolve a path against the location of the shell' {
        Push-Location $TestDrive
        (Test-TempAccess -Path ./nowhere)[-1].Path | Should -Be (Join-Path $TestDrive nowhere)
        Pop-Location
    }

    It 'give a Boolean for all folders under -Quiet' {
        Test-TempAccess -Path $TestDrive -Quiet | Should -BeTrue
        Test-TempAccess -Path $TestDrive, (Join-Path $TestDrive nowhere) -Quiet | Should -BeFalse
    }

    It 'report an account that nobody knows with its own id' {
        { Test-TempAccess -Account no-such-account -ErrorAction Stop } | Should -Throw -ErrorId 'AccountNotFound*'
    }

    It 'take account, process and service apart' {
        { Test-TempAccess -Account root -ProcessId $PID } | Should -Throw -ErrorId 'AmbiguousParameterSet*'
    }
}

Describe 'The temp cmdlets with a scripted engine' {
    BeforeAll {
        . "$PSScriptRoot/Common.ps1"
        $module = New-ScriptedModule $TestDrive $Configuration
    }

    It 'repair each folder once, of all the checks that come down the pipeline' {
        $text = Invoke-FreshShell -Module $module -Script "Test-TempAccess '/x/denied', '/x/fine' -Account svc | Repair-TempAcl -WarningAction Ignore | ForEach-Object { `$_.Path + ' ' + `$_.Account + ' ' + `$_.Status }"
        $text | Should -Be '/x/denied svc Repaired', '/x/fine svc Repaired'
    }

    It 'force only what was named' {
        $text = Invoke-FreshShell -Module $module -Script "(Repair-TempAcl /x svc -Force).Before; ([pscustomobject]@{ Path = '/x'; Account = 'svc' } | Repair-TempAcl -Force).Before"
        $text | Should -Be 'Force=True', 'Force=False'
    }

    It 'show the entries under -WhatIf and still give a result' {
        $text = (Invoke-FreshShell -Module $module -Script "(Repair-TempAcl /x svc -WhatIf).Status") -join "`n"
        $text | Should -Match 'What if: .*add user:svc:rwx'
        $text | Should -Match 'WhatIf$'
    }

    It 'cannot ask in a shell without a prompt, and then change nothing' {
        $text = (Invoke-FreshShell -Module $module -Script "Repair-TempAcl /x svc -Confirm") -join "`n"
        $text | Should -Match 'NonInteractive'
        $text | Should -Not -Match 'Repaired'
    }

    It 'warn where the account still cannot use the folder' {
        $text = (Invoke-FreshShell -Module $module -Script "Repair-TempAcl /x/denied svc | Out-Null") -join "`n"
        $text | Should -Match 'still cannot be used by svc'
    }

    It 'go on after one of many failed' {
        $text = Invoke-FreshShell -Module $module -Script "`$ErrorView = 'CategoryView'; (Repair-TempAcl /x/fail-FolderProtected, /x/fine svc -ErrorAction SilentlyContinue -ErrorVariable e).Path; `$e[0].FullyQualifiedErrorId; `$e[0].CategoryInfo.Category; `$e[0].TargetObject; `$e[0].ErrorDetails.RecommendedAction"
        $text | Should -Be '/x/fine', 'FolderProtected,LoggerCms.PowerShell.Commands.RepairTempAclCommand', 'PermissionDenied', '/x/fail-FolderProtected', 'Remedy of FolderProtected.'
    }

    It 'restore by id from the pipeline' {
        $text = Invoke-FreshShell -Module $module -Script "(Repair-TempAcl /x svc | Restore-TempAcl).Status"
        $text | Should -Be 'Restored'
    }
}

Describe "A service account without access to its temp folder$(if ($why) { " ($why)" })" -Skip:([bool]$why) {
    BeforeAll {
        . "$PSScriptRoot/Common.ps1"
        Import-Module $ModulePath
        $account = 'lcms' + [guid]::NewGuid().ToString('N').Substring(0, 10)
        useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin $account
        $place = "/var/tmp/loggercms-$account"
        $temp = "$place/temp"
        $null = New-Item -ItemType Directory $place, $temp, "$place/home", "$place/sides"
        New-Sides "$place/sides"
        chown -R "${account}:" $place "$place/home" "$place/sides"
        chown root: $temp
        chmod 755 $place
        chmod 700 $temp
        $env:LOGGERCMS_HOME = Join-Path $TestDrive 'home'
        $shell = (Get-Process -Id $PID).Path

        # A shell of the service: its account, its TMPDIR.
        function Invoke-Service([string] $Script) {
            $variables = "HOME=$place/home", "LOGGERCMS_HOME=$place/home", "TMPDIR=$temp", 'NO_COLOR=1', 'DOTNET_EnableDiagnostics=0'
            setpriv "--reuid=$account" "--regid=$account" --init-groups env -C $place @variables $shell -NoProfile -NonInteractive -Command "Import-Module '$ModulePath'; $Script" 2>&1 | ForEach-Object { "$_" }
        }
        $canRun = (Invoke-Service '(Get-Module LoggerCms).Name') -contains 'LoggerCms'
    }

    AfterAll {
        Remove-Item Env:LOGGERCMS_HOME
        userdel $account
        Remove-Item $place -Recurse -Force
    }

    It 'computes, and says so, what it may not try: another account than root asks for root''s sake' {
        if (-not $canRun) { Set-ItResult -Skipped -Because 'the account cannot read PowerShell or the module here' }
        $text = Invoke-Service "(Test-TempAccess -Path '$place/sides' -Account nobody)[-1] | ForEach-Object { `$_.Passed, `$_.Cause, `$_.Method }"
        $text | Should -Be 'False', 'AccessDenied', 'Computed'
    }

    It 'fails with the cause and the command, which repairs it; then the transfer works, and the restore takes the right back' {
        if (-not $canRun) { Set-ItResult -Skipped -Because 'the account cannot read PowerShell or the module here' }
        $transfer = "Start-StateTransfer ./sides/a.db ./sides/b.db -Confirm:`$false"
        $failed = Invoke-Service "try { $transfer } catch { `$_.FullyQualifiedErrorId; `$_.ErrorDetails.Message; (`$_.ErrorDetails.RecommendedAction -split '\n')[0] }"
        $failed[0] | Should -Match '^TempFolderUnusable'
        $failed[1] | Should -Match '\(AccessDenied\)'
        $failed[-1] | Should -Be "Repair-TempAcl -Path '$temp' -Account '$account'"

        (Test-TempAccess -Path $temp -Account $account)[-1].Remedy | Should -Be $failed[-1]
        $repair = Invoke-Expression $failed[-1]
        $repair.Status, $repair.Verified, $repair.Method | Should -Be 'Repaired', $true, 'Probed'

        Invoke-Service "($transfer).Status" | Should -Be 'Completed'

        ($repair | Restore-TempAcl).Status | Should -Be 'Restored'
        Test-TempAccess -Path $temp -Account $account -Quiet | Should -BeFalse
    }

    It 'goes on without a spool where streaming is allowed, and says how to repair the folder' {
        if (-not $canRun) { Set-ItResult -Skipped -Because 'the account cannot read PowerShell or the module here' }
        $text = (Invoke-Service "Copy-Item ./sides/a.db ./sides/c.db; (Start-StateTransfer ./sides/b.db ./sides/c.db -Mode Full -AllowStreaming -Confirm:`$false).Status") -join ' '
        $text | Should -Match "Going on without a spool.*Repair-TempAcl -Path '$temp' -Account '$account'"
        $text | Should -Match 'Completed$'
    }

    It 'is what the example makes, repairs and restores, and leaves nothing of' {
        if (-not $canRun) { Set-ItResult -Skipped -Because 'the account cannot read PowerShell or the module here' }
        $told = & $shell -NoProfile -NonInteractive -File "$Root/examples/Temp-Folder-Incident.ps1" 2>&1 | ForEach-Object { "$_" }
        $LASTEXITCODE | Should -Be 0 -Because ($told -join "`n")
        @($told -like 'as expected: *').Count | Should -Be 7
        Get-ChildItem /var/tmp -Filter 'loggercms-incident-*' | Should -BeNullOrEmpty
    }
}
