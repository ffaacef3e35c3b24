# The packaged module, made by build.ps1 as a release is, in fresh shells.
param([string] $Configuration = 'Debug')

BeforeDiscovery {
    $system = if ($IsWindows) { 'win' } elseif ($IsMacOS) { 'osx' } elseif ([Runtime.InteropServices.RuntimeInformation]::RuntimeIdentifier -match 'musl|alpine') { 'linux-musl' } else { 'linux' }
    $platform = "$system-$([Runtime.InteropServices.RuntimeInformation]::OSArchitecture)".ToLowerInvariant()
}

Describe 'The package for <_>' -ForEach $platform {
    BeforeAll {
        . "$PSScriptRoot/Common.ps1"
        Set-TestHome $TestDrive
        New-Sides $TestDrive
        $log = & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -File "$Root/build.ps1" Package -Runtime $_ 2>&1 | Out-String
        if ($LASTEXITCODE) { throw "The package was not made: $log" }

        # Far from the repository, as on the machine of whoever copies it.
        $package = Join-Path $TestDrive 'modules/LoggerCms'
        $null = New-Item -ItemType Directory $package
        Copy-Item "$Root/out/$_/LoggerCms/*" $package -Recurse
        $version = (Get-ChildItem $package).Name
        $manifest = Join-Path $package "$version/LoggerCms.psd1"

        function Get-EngineFile { Get-ChildItem "$package/$version/bin" -Recurse -File }
        function Test-ReadyToRun([string] $Path) {
            $stream = [IO.File]::OpenRead($Path)
            try { ([Reflection.PortableExecutable.PEReader]::new($stream)).PEHeaders.CorHeader.ManagedNativeHeaderDirectory.Size -gt 0 }
            finally { $stream.Dispose() }
        }
    }
    AfterAll { Remove-Item Env:LOGGERCMS_HOME }

    It 'is found by its name and compares two sides' {
        $env:PSModulePath = "$(Join-Path $TestDrive 'modules')$([IO.Path]::PathSeparator)$env:PSModulePath"
        $text = & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -Command @"
`$comparison = Compare-SideState '$TestDrive/a.db' '$TestDrive/b.db'
`$comparison.Equal, `$comparison.RowsOnlyInSource, `$comparison.RowsDifferent, `$comparison.RowsOnlyInDestination
(Get-Module LoggerCms).Path
"@ 2>&1 | ForEach-Object { "$_" }
        $text[0..3] | Should -Be 'False', '10', '11', '1'
        $text[4] | Should -Be (Join-Path $package "$version/bin/LoggerCms.PowerShell.dll")
    }

    It 'gives the checksum that the staged module gives' {
        $script = "(Get-SideState '$TestDrive/a.db').Checksum"
        Invoke-FreshShell $script $manifest | Should -Be (Invoke-FreshShell $script)
    }

    It 'transfers and takes back' {
        $text = Invoke-FreshShell @"
`$result = Start-StateTransfer '$TestDrive/a.db' '$TestDrive/b.db' -Confirm:`$false
`$result.Status, `$result.Equal
(Undo-StateTransfer `$result.Id -Confirm:`$false).RowsDeleted
"@ $manifest
        $text | Should -Be 'Completed', 'True', '10'
    }

    It 'starts and stops a node' {
        $text = Invoke-FreshShell @"
`$node = Start-CmsNode packaged -Port 0 -DataPath '$TestDrive/node'
`$node.State, (Get-CmsNode packaged).Name
Stop-CmsNode packaged
@(Get-ChildItem '$TestDrive/node/deltas' -File).Count
"@ $manifest
        $text | Should -Be 'Ready', 'packaged', '0'
    }

    It 'holds a Contracts for the shell and one for the node, and nothing that only a developer needs' {
        @(Get-EngineFile | Where-Object Name -eq 'LoggerCms.Contracts.dll').Count | Should -Be 2
        @(Get-EngineFile | Group-Object Name | Where-Object Count -gt 1).Name | Should -Be 'LoggerCms.Contracts.dll'
        (Get-EngineFile).Extension | Should -Not -Contain '.pdb'
        (Get-EngineFile).Extension | Should -Not -Contain '.xml'
        Join-Path $package "$version/LICENSE" | Should -Exist
    }

    It 'is compiled ahead of time' {
        if ($log -match 'will not be compiled ahead of time') {
            Set-ItResult -Skipped -Because "ReadyToRun's packages cannot be had on this machine"
        }
        foreach ($file in Get-EngineFile | Where-Object Name -match '^(LoggerCms\.(PowerShell|Contracts|Core|Databases|Client|Node)|Npgsql|Microsoft\.Data\.(SqlClient|Sqlite)|SQLitePCLRaw\.core)\.dll$') {
            Test-ReadyToRun $file.FullName | Should -BeTrue -Because $file.Name
        }
    }
}
