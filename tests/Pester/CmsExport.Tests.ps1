# Export, import and backup at the shell, against one real node.
param([string] $Configuration = 'Debug')

BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    . "$PSScriptRoot/Node.ps1"
    Import-Module $ModulePath
    $node = Start-TestNode $TestDrive
    Connect-Cms
}

AfterAll { Stop-TestNode $node }

Describe 'Export and import' {
    BeforeAll {
        $folder = New-Folder
        $source = New-CmsObject $folder.Path tree Folder -Property @{ top = 1.50d }
        1..3 | ForEach-Object { New-CmsObject $source.Path "sub $_" Folder } | ForEach-Object { foreach ($n in 1..4) { $null = New-CmsObject $_.Path "doc $n" Txt -Property @{ n = $n; when = [DateTimeOffset]::Now } } }
        $file = "$TestDrive/tree.jsonl"
        $null = Export-CmsObject $source.Path $file
    }

    It 'imports no file that is empty, and is silent where there is none' {
        $empty = Join-Path $TestDrive 'empty.jsonl'
        Set-Content $empty '' -NoNewline
        { Import-CmsObject $empty '/Root Folder' -ErrorAction Stop } | Should -Throw -ErrorId 'SpoolDamaged,*'
        @() | Import-CmsObject -Destination '/Root Folder' -ErrorAction Stop
    }

    It 'keep every object and value, and an import that is repeated makes nothing twice' {
        $there = New-Folder
        $first = Import-CmsObject $file $there.Path
        $first.Status | Select-Object -Unique | Should -Be 'Created'
        $first.Count | Should -Be 16
        $copied = Find-CmsObject -Under $there.Path -Kind Txt
        $copied.Count | Should -Be 12
        $copied[0].Properties.n | Should -BeOfType [long]
        (Get-CmsObject "$($there.Path)/tree").Properties.top | Should -BeOfType [decimal]

        (Import-CmsObject $file $there.Path -Update Skip).Status | Select-Object -Unique | Should -Be 'Skipped'
        $null = Import-CmsObject $file $there.Path -ErrorVariable failures -ErrorAction SilentlyContinue
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'NameInUse,*'
        "$($failures[0].TargetObject)" | Should -BeLike 'line 2: *'

        Set-CmsObject "$($there.Path)/tree/sub 1/doc 1" -Property @{ n = 99; more = 'x' }
        $again = Import-CmsObject $file $there.Path -Update Overwrite
        @($again | Where-Object Status -eq Overwritten).Path | Should -Be "$($there.Path)/tree/sub 1/doc 1"
        @($again | Where-Object Status -eq Skipped).Count | Should -Be 15
        (Get-CmsObject "$($there.Path)/tree/sub 1/doc 1").Properties.Keys | Sort-Object | Should -Be 'n', 'when'
    }

    It 'go by CUID with -KeepCuid: an object that was moved is found where it is' {
        $doc = Get-CmsObject "$($source.Path)/sub 1/doc 1"
        $other = New-Folder
        $doc | Move-CmsObject -Destination $other.Path
        $again = Import-CmsObject $file $folder.Path -KeepCuid -Update Overwrite
        @($again | Where-Object Status -eq Overwritten).Id | Should -Be $doc.Id
        (Get-CmsObject -Cuid $doc.Cuid).Path | Should -Be "$($source.Path)/sub 1/doc 1"
    }

    It 'take owners and access lists along with -IncludeRights, and nothing of them without' {
        $name = "r $([guid]::NewGuid())"
        $user = New-CmsUser $name
        $folder = New-Folder
        $guarded = New-CmsObject $folder.Path guarded Folder
        $inner = New-CmsObject $guarded.Path inner Folder
        Grant-CmsRight $guarded.Path -Principal $name -Right View, Edit
        Deny-CmsRight $guarded.Path -Principal Guest -Right View
        Set-CmsRightInheritance $inner.Path -FromFolder $false
        Set-CmsObject $inner.Path -OwnerId $user.Id
        $lines = Export-CmsObject $guarded.Path -IncludeRights

        $without = New-Folder
        $null = $lines | Import-CmsObject -Destination $without.Path
        (Get-CmsRight "$($without.Path)/guarded" | Where-Object Inherited -eq $false) | Should -BeNullOrEmpty
        (Get-CmsObject "$($without.Path)/guarded/inner").Owner | Should -Be 'Administrator'

        $with = New-Folder
        ($lines | Import-CmsObject -Destination $with.Path -IncludeRights).Status | Should -Be 'Created', 'Created'
        $entries = Get-CmsRight "$($with.Path)/guarded" | Where-Object Inherited -eq $false | Sort-Object Principal, Right
        @($entries).ForEach{ "$($_.Principal) $($_.Right) $($_.Value)" } | Sort-Object |
            Should -Be (@("$name Edit Granted", "$name View Granted", 'Guest View Denied') | Sort-Object)
        $made = Get-CmsObject "$($with.Path)/guarded/inner"
        $made.Owner | Should -Be $name
        (Test-CmsRight $made.Path -Right View -Principal $name).Granted | Should -BeFalse

        # Rights that were changed since are those of the export again.
        Deny-CmsRight "$($with.Path)/guarded" -Principal $name -Right Delete
        ($lines | Import-CmsObject -Destination $with.Path -IncludeRights -Update Overwrite).Status | Should -Be 'Overwritten', 'Overwritten'
        @(Get-CmsRight "$($with.Path)/guarded" | Where-Object Inherited -eq $false).Count | Should -Be 3

        $null = New-CmsUser -Credential (New-Login importer 'S3cret-one!')
        $open = New-Folder
        Grant-CmsRight / importer View
        Grant-CmsRight $open.Path importer Add
        $session = Connect-Cms -Credential (New-Login importer 'S3cret-one!') -PassThru
        Connect-Cms
        $lines | Import-CmsObject -Destination $open.Path -IncludeRights -Connection $session -ErrorVariable failures -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'Forbidden,*' -Because 'whoever may not give rights does not'
        ($lines | Import-CmsObject -Destination $open.Path -Connection $session).Status | Should -Be 'Created', 'Created'

        # A user that is not there is no reason to leave rights out.
        $null = $lines | Select-Object -Skip 1 -First 2 | ForEach-Object { $_ -replace [regex]::Escape($name), 'nobody here' -replace $user.Cuid, 'NoSuchCuid' } |
            Import-CmsObject -Destination (New-Folder).Path -IncludeRights -ErrorVariable failures -ErrorAction SilentlyContinue
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'ObjectNotFound,*'
        $failures[0].ErrorDetails.RecommendedAction | Should -BeLike '*again with -Update Skip*' -Because 'it may stand further down'
        Export-CmsObject $guarded.Path | Import-CmsObject -Destination (New-Folder).Path -IncludeRights -ErrorVariable failures -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'InvalidOption,*'
    }

    It 'take the groups of users along with -IncludeRights, by what they are called and not by their ids' {
        $group = New-CmsGroup "g $([guid]::NewGuid())"
        $other = New-CmsGroup "other $([guid]::NewGuid())"
        $name = "member $([guid]::NewGuid())"
        $user = New-CmsUser $name -Group $group.Name
        # As the other system has it: its ids are other groups here, and it has other CUIDs.
        $lines = Export-CmsObject -Id $user.Id -IncludeRights | Select-Object -Skip 1 -First 1 | ForEach-Object { $_ -replace "\b$($group.Id)\b", $other.Id -replace $group.Cuid, 'NoSuchCuid' }
        Remove-CmsUser $name -Confirm:$false
        $null = $lines | Import-CmsObject -Destination /Users
        (Get-CmsUser $name).Groups | Should -BeNullOrEmpty
        ($lines | Import-CmsObject -Destination /Users -IncludeRights -Update Overwrite).Status | Should -Be 'Overwritten'
        (Get-CmsUser $name).Groups | Should -Be $group.Name
        ($lines | Import-CmsObject -Destination /Users -Update Overwrite).Status | Should -Be 'Skipped'
        $null = $lines -replace $group.Name, 'nobody here' | Import-CmsObject -Destination /Users -IncludeRights -Update Overwrite -ErrorVariable failures -ErrorAction SilentlyContinue
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'ObjectNotFound,*'
        $failures[0].Exception.Message | Should -BeLike '*is a member of the group*'
    }

    It 'do nothing under -WhatIf but say what they would' {
        $there = New-Folder
        (Import-CmsObject $file $there.Path -WhatIf).Status | Select-Object -Unique | Should -Be 'WouldCreate'
        Get-CmsObject $there.Path -Children | Should -BeNullOrEmpty
    }

    It 'refuse an export that was cut off or altered, before anything is made' {
        $there = New-Folder
        $lines = Export-CmsObject $source.Path
        $lines.Count | Should -Be 18
        { $lines | Select-Object -SkipLast 1 | Import-CmsObject -Destination $there.Path } | Should -Throw -ErrorId 'SpoolDamaged,*'
        { $lines -replace 'doc 2', 'doc 7' | Import-CmsObject -Destination $there.Path } | Should -Throw -ErrorId 'SpoolDamaged,*'
        { $lines -replace '"Version":1,"Path"', '"Version":9,"Path"' | Import-CmsObject -Destination $there.Path } | Should -Throw -ErrorId 'FormatNotSupported,*'
        Get-CmsObject $there.Path -Children | Should -BeNullOrEmpty
        @($lines | Import-CmsObject -Destination $there.Path).Count | Should -Be 16
    }

    It 'write a file for its owner alone, never over another, and leave no half of one' {
        if (-not $IsWindows) { (Get-Item $file).UnixFileMode | Should -Be ([IO.UnixFileMode]'UserRead, UserWrite') }
        { Export-CmsObject $source.Path $file } | Should -Throw -ErrorId 'NameInUse,*'
        foreach ($nowhere in "$TestDrive/no/such/folder/x.jsonl", "$TestDrive") {
            $failure = { Export-CmsObject $source.Path $nowhere } | Should -Throw -ErrorId 'InvalidOption,*' -PassThru
            $failure.ErrorDetails.RecommendedAction | Should -Match '-FilePath'
        }
        Get-ChildItem $TestDrive -Filter *.partial | Should -BeNullOrEmpty
    }

    It 'write no file of the first of several objects, and leave the one that is there' {
        $kept = Get-FileHash (Copy-Item $file "$TestDrive/kept.jsonl" -PassThru)
        foreach ($export in { Get-CmsObject $source.Path -Children | Export-CmsObject -FilePath $kept.Path -Force },
            { Export-CmsObject "$($source.Path)/sub 1", "$($source.Path)/sub 2" $kept.Path -Force },
            { Get-CmsObject $source.Path -Children | Export-CmsObject -FilePath "$TestDrive/none.jsonl" }) {
            $failure = { & $export } | Should -Throw -ErrorId 'InvalidOption,*' -PassThru
            $failure.Exception.Message | Should -BeLike '*more than one*'
        }
        (Get-FileHash $kept.Path).Hash | Should -Be $kept.Hash
        Test-Path "$TestDrive/none.jsonl" | Should -BeFalse
        (Get-CmsObject "$($source.Path)/sub 1" | Export-CmsObject -FilePath $kept.Path -Force).FullName | Should -Be $kept.Path
        (Get-FileHash $kept.Path).Hash | Should -Not -Be $kept.Hash
    }
}

Describe 'A backup' {
    It 'says what it holds, and is checked before it is put back' {
        $path = "$TestDrive/backup"
        $backup = Backup-CmsSide $path
        $backup.Objects | Should -BeGreaterThan 20
        $plan = Restore-CmsSide $path "$TestDrive/restored.db" -WhatIf
        $plan.Checksum | Should -Be $backup.Checksum
        Test-Path "$TestDrive/restored.db" | Should -BeFalse
        { Restore-CmsSide "$TestDrive/nowhere" "$TestDrive/restored.db" -WhatIf } | Should -Throw
    }
}
