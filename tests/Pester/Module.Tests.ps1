# The staged module with its real engine, on SQLite sides.
param([string] $Configuration = 'Debug')

BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    Set-TestHome $TestDrive
    Import-Module $ModulePath

    function Get-Bytes([string] $Path) { (Get-FileHash $Path).Hash }
}

AfterAll { Remove-Item Env:LOGGERCMS_HOME }

Describe 'The module' {
    It 'has a valid manifest with explicit exports' {
        $manifest = Test-ModuleManifest $ModulePath
        $manifest.ExportedFunctions.Count + $manifest.ExportedAliases.Count + $manifest.ExportedVariables.Count | Should -Be 0
        $manifest.ExportedCmdlets.Keys | Sort-Object | Should -Be (Get-ChildItem "$Root/module/help/[A-Z]*-*.md").BaseName.Where({ $_ -ne 'Build-Help' })
        $manifest.CompatiblePSEditions | Should -Be 'Core'
        (Get-Command -Module LoggerCms).Count | Should -Be $manifest.ExportedCmdlets.Count
    }

    It 'imports without loading the engine' {
        $loaded = Invoke-FreshShell '[AppDomain]::CurrentDomain.GetAssemblies().GetName().Name'
        $loaded | Should -Contain 'LoggerCms.PowerShell'
        $loaded | Should -Not -Contain 'LoggerCms.Core'
        $loaded | Should -Not -Contain 'LoggerCms.Databases'
    }

    It 'can be imported again' {
        Invoke-FreshShell "Import-Module '$ModulePath' -Force; Remove-Module LoggerCms; Import-Module '$ModulePath'; (Get-Command -Module LoggerCms).Count" |
            Should -Be "$((Test-ModuleManifest $ModulePath).ExportedCmdlets.Count)"
    }

    It 'keeps drivers out of the default load context' {
        $names = Invoke-FreshShell @"
Get-SideState '$Root/examples/sides/a.db' | Out-Null
[Runtime.Loader.AssemblyLoadContext]::Default.Assemblies.GetName().Name
'--'
([Runtime.Loader.AssemblyLoadContext]::All | Where-Object Name -eq LoggerCms).Assemblies.GetName().Name
"@
        $split = $names.IndexOf('--')
        $default, $private = $names[0..($split - 1)], $names[($split + 1)..($names.Count - 1)]
        $default -match '^(Microsoft\.Data\.|Npgsql|SQLitePCL|LoggerCms\.(Core|Databases))' | Should -BeNullOrEmpty
        $private | Should -Contain 'SQLitePCLRaw.core'
        $private | Should -Not -Contain 'LoggerCms.Contracts'
    }

    It "does not meet another module's driver" {
        $text = Invoke-FreshShell @"
Add-Type -Path '$Root/module/LoggerCms/bin/engine/SQLitePCLRaw.core.dll'
(Get-SideState '$Root/examples/sides/a.db').Rows
@([AppDomain]::CurrentDomain.GetAssemblies().GetName().Name -eq 'SQLitePCLRaw.core').Count
"@
        $text[-1] | Should -Be '2'
        [int]$text[-2] | Should -BeGreaterThan 0
    }
}

Describe 'Two sides' {
    BeforeEach {
        $folder = New-Item -ItemType Directory (Join-Path $TestDrive ([guid]::NewGuid()))
        New-Sides $folder
        Push-Location $folder
    }
    AfterEach { Pop-Location }

    It 'are compared and counted' {
        $comparison = Compare-SideState a.db b.db
        $comparison.Equal | Should -BeFalse
        $comparison.RowsDifferent | Should -Be 11
        $comparison.RowsOnlyInSource | Should -Be 10
        $comparison.RowsOnlyInDestination | Should -Be 1
        @(Compare-SideState a.db b.db -Detailed).Count | Should -Be 22
        (Compare-SideState a.db b.db -Detailed -Table call_type | Where-Object Kind -eq Different).Columns | Should -Be 'description'
    }

    It 'have states that agree with the comparison' {
        $states = Get-SideState a.db, b.db
        $states.Tables | Should -Be 4, 4
        $states[0].Checksum | Should -Not -Be $states[1].Checksum
        $states[0].SchemaVersion | Should -Be $states[1].SchemaVersion
        $states[0].TableStates.Table | Should -Be 'agent', 'agent_team', 'call_type', 'skill_group_member'
    }

    It 'keep every byte under -WhatIf' {
        $before = (Get-Bytes a.db), (Get-Bytes b.db)
        $result = Start-StateTransfer a.db b.db -WhatIf
        $result.Status | Should -Be 'WhatIf'
        $result.RowsInserted, $result.RowsUpdated, $result.RowsDeleted | Should -Be 10, 11, 1
        (Get-Bytes a.db), (Get-Bytes b.db) | Should -Be $before
    }

    It 'are level after a transfer, and as before after its undo' {
        Copy-Item b.db before.db
        $result = Start-StateTransfer a.db b.db -Confirm:$false
        $result.Status | Should -Be 'Completed'
        $result.Equal | Should -BeTrue
        $result.RowsInserted, $result.RowsUpdated, $result.RowsDeleted | Should -Be 10, 11, 1
        (Compare-SideState a.db b.db).Equal | Should -BeTrue
        (Get-SideState a.db).Checksum | Should -Be (Get-SideState b.db).Checksum
        (Start-StateTransfer a.db b.db -Confirm:$false).Status | Should -Be 'AlreadyInState'

        (Get-StateTransfer $result.Id).Status | Should -Be 'Completed'
        $undone = Get-StateTransfer $result.Id | Undo-StateTransfer -Confirm:$false
        $undone.Undoes | Should -Be $result.Id
        (Compare-SideState before.db b.db).Equal | Should -BeTrue
    }

    It 'are made level by <_>' -ForEach 'Rows', 'Full' {
        (Start-StateTransfer a.db b.db -Mode $_ -Confirm:$false).Mode | Should -Be $_
        (Compare-SideState a.db b.db).Equal | Should -BeTrue
    }

    It 'are made level by a job' {
        $job = Start-StateTransfer a.db b.db -AsJob -Confirm:$false
        ($job | Receive-Job -Wait -AutoRemoveJob).Status | Should -Be 'Completed'
        (Compare-SideState a.db b.db).Equal | Should -BeTrue
    }

    It 'are refused by name where <_> cannot ask' -ForEach 'Start-StateTransfer', 'Undo-StateTransfer', 'Enable-ConfigMessageLog' {
        $command = switch ($_) {
            'Start-StateTransfer' { "Start-StateTransfer '$folder/a.db' '$folder/b.db'" }
            'Undo-StateTransfer' { "Undo-StateTransfer (Start-StateTransfer '$folder/a.db' '$folder/b.db' -Confirm:`$false).Id" }
            'Enable-ConfigMessageLog' { "Enable-ConfigMessageLog '$folder/a.db' -SideName A -Confirm" }
        }
        $text = Invoke-FreshShell "try { $command } catch { `$_.FullyQualifiedErrorId; [string] `$_.CategoryInfo.Category; `$_.ErrorDetails.RecommendedAction }"
        $text[0] | Should -BeLike 'ConfirmationNotPossible,*'
        $text[1] | Should -Be 'InvalidOperation'
        $text[2] | Should -Match '-Confirm:\$false'
    }

    It 'keep every byte where a prompt is not possible' {
        $before = Get-Bytes b.db
        $text = Invoke-FreshShell "try { Start-StateTransfer '$folder/a.db' '$folder/b.db' } catch { 'caught ' + `$_.Exception.Message }; (Get-StateTransfer)[0].Status"
        $text -join "`n" | Should -Match 'caught .*NonInteractive'
        $text[-1] | Should -Be 'Cancelled'
        Get-Bytes b.db | Should -Be $before
    }

    It 'leave files that can be listed and removed' {
        $result = Start-StateTransfer a.db b.db -Confirm:$false
        $files = Clear-StateTransferTemp -Id $result.Id -WhatIf
        $files.Kind | Should -Contain 'Undo'
        $null = Clear-StateTransferTemp -Id $result.Id -Kind Undo -Confirm:$false
        (Clear-StateTransferTemp -Id $result.Id -WhatIf).Kind | Should -Not -Contain 'Undo'
        Test-Path $result.UndoPath | Should -BeFalse
    }
}

Describe 'A failure of the real engine' {
    BeforeEach {
        New-Sides $TestDrive
        Push-Location $TestDrive
        Set-Content text.db 'no database'
    }
    AfterEach { Pop-Location }

    It '<Code> has category <Category>' -ForEach @(
        @{ Code = 'DatabaseNotFound'; Category = 'ObjectNotFound'; Script = { Get-SideState nowhere.db } }
        @{ Code = 'NotADatabase'; Category = 'InvalidData'; Script = { Get-SideState text.db } }
        @{ Code = 'SameSide'; Category = 'InvalidArgument'; Script = { Start-StateTransfer a.db a.db -Confirm:$false } }
        @{ Code = 'TransferNotFound'; Category = 'ObjectNotFound'; Script = { Undo-StateTransfer 00000000-0000-0000-0000-000000000001 -Confirm:$false } }
        @{ Code = 'LogNotEnabled'; Category = 'InvalidOperation'; Script = { Start-StateTransfer a.db b.db -Mode Log -Confirm:$false } }
    ) {
        $failure = $Script | Should -Throw -ErrorId "$Code,*" -PassThru
        $failure.CategoryInfo.Category | Should -Be $Category
        $failure.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty
        $failure.TargetObject | Should -Not -BeNullOrEmpty
    }

    It 'shows no password' {
        $all = & {
            foreach ($side in 'postgresql:Host=127.0.0.1;Port=1;Username=u;Password=S3cret!;Database=d;Timeout=2', 'sqlserver:Server=127.0.0.1,1;User Id=u;Password=S3cret!;Connect Timeout=2') {
                try { Get-SideState $side -Verbose -Debug } catch { $_ | Format-List * -Force; $_.Exception | Format-List * -Force }
                try { Start-StateTransfer a.db $side -Confirm:$false } catch { $_ | Format-List * -Force }
            }
            Get-StateTransfer | Format-List * -Force
            Get-ChildItem $env:LOGGERCMS_HOME -Recurse -File | Get-Content -Raw
        } *>&1 | Out-String
        $all | Should -Match '127\.0\.0\.1'
        $all | Should -Not -Match 'S3cret'
    }
}

Describe 'Ctrl+C' {
    It 'cancels a transfer within seconds and leaves the destination as it was' {
        if (-not (Get-Command sqlite3 -ErrorAction Ignore)) {
            Set-ItResult -Skipped -Because 'sqlite3 is not on PATH'
        }
        $sides = 'big.db', 'old.db' | ForEach-Object { Join-Path $TestDrive $_ }
        foreach ($path in $sides) {
            "PRAGMA journal_mode=DELETE; CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, body BLOB);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400000)
             INSERT INTO t SELECT i, '$(Split-Path $path -Leaf) ' || i, zeroblob(200) FROM n;" | sqlite3 $path | Out-Null
        }
        $before = Get-Bytes $sides[1]

        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$ModulePath'; Start-StateTransfer '$($sides[0])' '$($sides[1])' -Confirm:`$false")
        $run = $shell.BeginInvoke()
        while ($shell.Streams.Progress.Count -eq 0) {
            if ($run.AsyncWaitHandle.WaitOne(20)) { throw "it ended by itself: $($shell.Streams.Error)" }
        }
        $clock = [Diagnostics.Stopwatch]::StartNew()
        $shell.Stop()
        $clock.Elapsed.TotalSeconds | Should -BeLessThan 10
        $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        $shell.Dispose()

        (Get-StateTransfer | Where-Object Destination -like '*old.db*' | Select-Object -First 1).Status | Should -Be 'Cancelled'
        Get-Bytes $sides[1] | Should -Be $before
    }
}

Describe 'The script <_>' -ForEach 'First-Transfer.ps1', 'Nightly-Runbook.ps1', 'Two-Servers.ps1' {
    It 'runs as it stands' {
        $env:TMPDIR = $TestDrive
        try {
            $text = & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -File "$Root/examples/$_" 2>&1 | Out-String
            $LASTEXITCODE | Should -Be 0 -Because $text
        }
        finally {
            Remove-Item Env:TMPDIR
        }
    }
}
