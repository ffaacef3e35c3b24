# Two servers over remoting by SSH, as examples/Two-Servers.ps1 works: on two hosts, which are network namespaces of this machine.
param([string] $Configuration = 'Debug')

BeforeDiscovery {
    . "$PSScriptRoot/TwoHosts.ps1"
    $obstacle = Get-TwoHostsObstacle
}

Describe 'Two hosts' {
    It 'can be made here' {
        if ($obstacle) { Set-ItResult -Skipped -Because $obstacle }
    } -TestCases @{ obstacle = $obstacle }
}

Describe 'Over remoting between two hosts' -Skip:([bool] $obstacle) {
    BeforeAll {
        . "$PSScriptRoot/Common.ps1"
        . "$PSScriptRoot/TwoHosts.ps1"
        Set-TestHome $TestDrive
        Import-Module $ModulePath
        $folder = (Resolve-Path $TestDrive).ProviderPath
        New-Sides $folder
        $hosts = New-TwoHosts $folder
    }
    AfterAll {
        if ($hosts) { Remove-TwoHosts $hosts }
        Remove-Item Env:LOGGERCMS_HOME
    }

    It 'states, comparisons and results keep their values and print with their views' {
        $seen = Invoke-AdminShell $hosts @"
`$state = Invoke-Command `$session { Get-SideState '$folder/a.db' }
`$comparison = Invoke-Command `$session { Compare-SideState '$folder/a.db' '$folder/b.db' }
`$result = Invoke-Command `$session { Start-StateTransfer '$folder/a.db' '$folder/b.db' -Confirm:`$false }
`$local = Get-SideState '$folder/b.db'
@{
    Types = `$state.PSTypeNames[0], `$comparison.PSTypeNames[0], `$result.PSTypeNames[0]
    Views = (`$state | Out-String -Width 200), (`$comparison | Out-String -Width 200), (`$result | Out-String -Width 200)
    Checksums = `$state.Checksum, `$local.Checksum, `$result.Checksum
    Numbers = `$state.Tables, `$state.Rows, `$state.Bytes, `$comparison.RowsOnlyInSource, `$comparison.RowsDifferent, `$comparison.RowsOnlyInDestination, `$result.RowsInserted
    Words = `$state.Provider, `$comparison.ComparedBy, `$result.Status, `$result.Mode, `$result.Verified
    Equal = `$comparison.Equal, `$result.Equal
    Elapsed = `$state.Elapsed.GetType().Name, `$comparison.Elapsed.GetType().Name, `$result.Elapsed.GetType().Name
    Id = "`$(`$result.Id)"
    Host = `$state.PSComputerName
    Known = Invoke-Command `$session { "`$((Get-StateTransfer).Id)" } | ForEach-Object { "`$_" }
} | ConvertTo-Json -Depth 3 -Compress
"@

        $seen.Types | Should -Be 'Deserialized.LoggerCms.SideState', 'Deserialized.LoggerCms.SideComparison', 'Deserialized.LoggerCms.StateTransferResult'
        $seen.Views[0] | Should -Match 'Side\s+Provider\s+Tables\s+Rows\s+Bytes\s+UpdateKey\s+Checksum'
        $seen.Views[1] | Should -Match 'Source\s+Destination\s+Equal\s+OnlyInSource\s+OnlyInDest\s+Different\s+EqualRows\s+ComparedBy'
        $seen.Views[2] | Should -Match 'Id\s+Status\s+Mode\s+Insert\s+Update\s+Delete'
        $local = Get-SideState "$folder/a.db"
        $seen.Checksums | Should -Be $local.Checksum, $local.Checksum, $seen.Checksums[2]
        $seen.Numbers | Should -Be 4, $local.Rows, $local.Bytes, 10, 11, 1, 10
        $seen.Words | Should -Be 'Sqlite', 'Database', 'Completed', 'Rows', 'ByDatabase'
        $seen.Equal | Should -Be $false, $true
        $seen.Elapsed | Should -Be 'TimeSpan', 'TimeSpan', 'TimeSpan'
        $seen.Host | Should -Be $hosts.AddressB
        $seen.Known | Should -Be $seen.Id
    }

    It 'an error keeps its id, its category, its message and its remedy' {
        $seen = Invoke-AdminShell $hosts @"
try { Invoke-Command `$session { Get-SideState '$folder/nowhere.db' } }
catch {
    @{
        Id = `$_.FullyQualifiedErrorId
        Category = "`$(`$_.CategoryInfo.Category)"
        Message = `$_.Exception.Message
        Remedy = `$_.ErrorDetails.RecommendedAction
    } | ConvertTo-Json -Compress
}
"@
        $here = { Get-SideState "$folder/nowhere.db" -ErrorAction Stop } | Should -Throw -PassThru
        $seen.Id | Should -Be $here.FullyQualifiedErrorId
        $seen.Category | Should -Be 'ObjectNotFound'
        $seen.Message | Should -Be $here.Exception.Message
        $seen.Remedy | Should -Be $here.ErrorDetails.RecommendedAction
    }

    Context 'with the cable pulled in mid-transfer' {
        BeforeAll { $hasDatabase = Start-HostDatabase $hosts }

        It 'the transfer fails with a type, the destination is as it was, and the next run works' {
            if (-not $hasDatabase) { Set-ItResult -Skipped -Because 'no PostgreSQL server is installed' }
            Invoke-HostSql $hosts @'
CREATE TABLE person (id integer PRIMARY KEY, name text NOT NULL, body text NOT NULL);
INSERT INTO person SELECT i, 'name ' || i, repeat(md5(i::text), 20) FROM generate_series(1, 40000) AS i;
'@
            $path = "$folder/cable.db"
            "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL, body TEXT NOT NULL); INSERT INTO person VALUES (1, 'old', 'old'), (50000, 'gone', 'gone');" | sqlite3 $path
            $before = (Get-FileHash $path).Hash
            $source = "postgresql:Host=$($hosts.AddressA);Username=postgres;Database=postgres;Timeout=5"
            $transfer = "Invoke-Command `$session { Start-StateTransfer '$source' '$path' -Confirm:`$false"

            $admin = Start-AdminShell $hosts "$folder/cut" "$transfer -Mode Full -Spool None -ThrottleMBps 2 }"
            # The undo file is begun when the destination's transaction is; then rows of the source flow.
            Wait-Until 'Apply' { if ($admin.HasExited) { throw "it ended by itself: $(Get-Content "$folder/cut*" -Raw)" }; Test-Path "$folder/home-b/transfers/*.undo.partial" }
            $received = Get-ReceivedBytes $hosts
            Wait-Until 'a row' { (Get-ReceivedBytes $hosts) -gt $received + 500KB }
            Set-Cable $hosts down
            $admin.WaitForExit(90000) | Should -BeTrue -Because 'a shell whose session is cut must not wait for ever'
            $admin.ExitCode | Should -Not -Be 0

            $record = "$folder/home-b/transfers/*.json"
            Wait-Until 'the end of the transfer' { (Get-Item $record | Sort-Object LastWriteTime | Select-Object -Last 1 | Get-Content -Raw | ConvertFrom-Json).Result.Status -ne 'Running' } 90
            Set-Cable $hosts up

            (Get-FileHash $path).Hash | Should -Be $before
            $seen = Invoke-AdminShell $hosts @"
`$cut = Invoke-Command `$session { Get-StateTransfer | Select-Object -First 1 }
`$again = $transfer }
@{
    Cut = `$cut.Status, `$cut.ErrorCode, `$cut.Remedy
    Again = `$again.Status, `$again.RowsInserted, `$again.RowsUpdated, `$again.RowsDeleted, `$again.Equal
    Equal = (Invoke-Command `$session { Compare-SideState '$source' '$path' }).Equal
} | ConvertTo-Json -Compress
"@
            $seen.Cut[0] | Should -Be 'Failed'
            $seen.Cut[1] | Should -Be 'ConnectionLost'
            $seen.Cut[2] | Should -Not -BeNullOrEmpty
            $seen.Again | Should -Be 'Completed', 39999, 1, 1, $true
            $seen.Equal | Should -BeTrue
            "$folder/home-b/transfers/*.partial" | Should -Not -Exist
            "$folder/loggercms-*" | Should -Not -Exist
        }
    }
}
