# Objects at the shell, against one real node.
param([string] $Configuration = 'Debug')

BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    . "$PSScriptRoot/Node.ps1"
    Import-Module $ModulePath
    $node = Start-TestNode $TestDrive
    Connect-Cms

    function Copy-OverRemoting($Object) { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($Object, 1)) }
}

AfterAll { Stop-TestNode $node }

Describe 'Objects' {
    It 'are made, read by each of their names, changed, moved and removed' {
        $folder = New-Folder
        $made = New-CmsObject $folder.Path 'Q1 / \ 100%' Pdf -Property @{ SI_DESCRIPTION = 'first' }
        $made.Path | Should -Be "$($folder.Path)/Q1 \/ \\ 100%"
        $made.Version | Should -Be 1
        foreach ($read in (Get-CmsObject $made.Path), (Get-CmsObject -Id $made.Id), (Get-CmsObject -Cuid $made.Cuid), ($made | Get-CmsObject)) {
            $read.Id | Should -Be $made.Id
            $read.Properties.si_description | Should -Be 'first'
        }

        $changed = $made | Set-CmsObject -Property @{ SI_KEYWORD = 'k'; SI_DESCRIPTION = $null } -Name Q1 -PassThru
        $changed.Version | Should -Be 2
        $changed.Name | Should -Be 'Q1'
        $changed.Properties.Keys | Should -Be 'SI_KEYWORD'

        $other = New-Folder
        ($changed | Move-CmsObject -Destination $other.Path -PassThru).Path | Should -Be "$($other.Path)/Q1"
        Get-CmsObject "$($other.Path)/Q1" | Remove-CmsObject -Confirm:$false
        { Get-CmsObject -Id $made.Id -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectNotFound,*'
    }

    It 'are asked for with a line a request under -Verbose' {
        $lines = Get-CmsObject / -Verbose 4>&1 | Where-Object { $_ -is [Management.Automation.VerboseRecord] }
        $lines -match "^$([regex]::Escape((Get-CmsNode).Endpoint)).*: GET v1/objects" | Should -Not -BeNullOrEmpty
        Get-CmsObject / 4>&1 | Should -BeOfType [LoggerCms.InfoObject]
    }

    It 'are found by wildcards of their kind' {
        $folder = New-Folder
        $null = 'Webi', 'Pdf', 'Web' | ForEach-Object { New-CmsObject $folder.Path $_ $_ }
        (Find-CmsObject -Kind 'we*' -Under $folder.Path).Name | Sort-Object | Should -Be 'Web', 'Webi'
        (Find-CmsObject -Kind 'P?f', Web -Under $folder.Path).Name | Sort-Object | Should -Be 'Pdf', 'Web'
    }

    It 'are named by the pipeline or by what is written, and not by both' {
        $folder = New-Folder
        $piped, $written = 'piped', 'written' | ForEach-Object { New-CmsObject $folder.Path $_ Txt }
        $file = Join-Path $TestDrive both.jsonl
        foreach ($case in
            @{ Script = { $piped | Remove-CmsObject $written.Path -Confirm:$false }; Remedy = '*-Path out*' },
            @{ Script = { $piped.Path | Remove-CmsObject -Id $written.Id -Confirm:$false }; Remedy = '*-Id out*' },
            @{ Script = { $piped | Set-CmsObject $written.Path -Property @{ a = 1 } }; Remedy = '*-Property*' },
            @{ Script = { $piped | Move-CmsObject $written.Path -Destination / }; Remedy = '*-Destination*' },
            @{ Script = { $piped | Move-CmsObject $folder.Path }; Remedy = '*-Destination*-Path*' },
            @{ Script = { $piped | Export-CmsObject $file }; Remedy = '*-FilePath*' },
            @{ Script = { $piped | Set-CmsRightInheritance $written.Path -FromFolder $false }; Remedy = '*-Path out*' },
            @{ Script = { $piped | Grant-CmsRight $written.Path Everyone View }; Remedy = '*-Path out*' },
            @{ Script = { $piped | Get-CmsRight Everyone }; Remedy = '*-Principal*' }) {
            $failure = $case.Script | Should -Throw -ErrorId 'InvalidOption,*' -PassThru
            $failure.ErrorDetails.RecommendedAction | Should -BeLike $case.Remedy
        }
        { $piped | Set-CmsObject @{ a = 1 } } | Should -Throw '*-Property*'
        (Get-CmsObject $folder.Path -Children).Version | Should -Be 1, 1
        Get-CmsRight $written.Path -ExplicitOnly | Should -BeNullOrEmpty
        # One that is made of each input is of the pipeline.
        ($piped | Select-Object Name | Get-CmsObject -Path { "$($folder.Path)/$($_.Name)" }).Id | Should -Be $piped.Id
    }

    It 'come down the pipeline as paths, ids or with properties that name them, and nothing else is taken for a path' {
        $made = New-CmsObject (New-Folder).Path one Txt
        ($made.Id, [int] $made.Id, $made.Path, [pscustomobject]@{ SI_CUID = $made.Cuid } | Get-CmsObject).Id | Should -Be (@($made.Id) * 4)
        $row = Find-CmsObject "SELECT SI_NAME, SI_KIND FROM CI_INFOOBJECTS WHERE SI_ID=$($made.Id)"
        ($row, $made | Get-CmsObject -ErrorAction SilentlyContinue -ErrorVariable failures).Id | Should -Be $made.Id
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'InvalidOption,*'
        $failures[0].ErrorDetails.RecommendedAction | Should -BeLike '*SI_ID*'
        { Get-CmsObject $made } | Should -Throw '*pipe it in*'
        { Get-CmsObject $made.Id } | Should -Throw '*-Id*'
    }

    It 'keep each value with its type, through the node and back, and through remoting' {
        $values = [ordered]@{
            text = "Zoë 𝄞 '' `" \"; empty = ''; number = 9007199254740993L; least = [long]::MinValue; exact = 1.500d; zero = [decimal]'-0.00'
            real = 0.1; float = [double]::NegativeInfinity; yes = $true; no = $false
            date = [DateTimeOffset]'2026-01-02T03:04:05.1234567+05:45'; id = [guid]'01234567-89ab-cdef-0123-456789abcdef'
            bytes = [byte[]](0, 255, 10); list = @(1L, 'two', 3.0d, $true); bag = @{ inner = @{ deep = 2.50d } }; '$date' = 'not a date'
        }
        $folder = New-Folder
        $made = New-CmsObject $folder.Path values Txt -Property $values
        foreach ($read in $made, (Get-CmsObject $made.Path), (Find-CmsObject -Name values -Under $folder.Path)) {
            foreach ($name in 'text', 'empty', 'number', 'least', 'exact', 'zero', 'real', 'float', 'yes', 'no', 'date', 'id', '$date') {
                $read.Properties.$name | Should -BeOfType $values[$name].GetType()
                "$($read.Properties.$name)" | Should -BeExactly "$($values[$name])"
            }
            $read.Properties.date.EqualsExact($values.date) | Should -BeTrue
            [decimal]::GetBits($read.Properties.zero) | Should -Be ([decimal]::GetBits($values.zero))
            , $read.Properties.bytes | Should -BeOfType [byte[]]
            $read.Properties.bytes | Should -Be 0, 255, 10
            $read.Properties.list | Should -Be 1, 'two', 3.0, $true
            "$($read.Properties.bag.inner.deep)" | Should -Be '2.50'
        }

        $remote = Copy-OverRemoting $made
        $remote.PSTypeNames[0] | Should -Be 'Deserialized.LoggerCms.InfoObject'
        $remote.Properties.exact | Should -BeOfType [decimal]
        $remote.Properties.number | Should -Be 9007199254740993
        $again = New-CmsObject $folder.Path again Txt -Property $remote.Properties
        $again.Properties.date.EqualsExact($values.date) | Should -BeTrue
        $again.Properties.bag.inner.deep | Should -BeOfType [decimal]
        $again.Properties.bytes | Should -Be 0, 255, 10
    }

    It 'with a value that has no exact form are refused, with the name of the property' {
        $failure = { New-CmsObject '/Root Folder' refused Txt -Property @{ outer = @{ span = [timespan]::Zero } } } | Should -Throw -ErrorId 'InvalidObject,*' -PassThru
        $failure.Exception.Message | Should -BeLike '*outer.span*'
        { New-CmsObject '/Root Folder' refused Txt -Property @{ half = "$([char]0xD800)" } } | Should -Throw -ErrorId 'InvalidObject,*'
    }

    It 'of a CSV file are made by pipeline, in few requests, and columns become properties' {
        $folder = New-Folder
        $rows = 1..2000 | ForEach-Object { [pscustomobject]@{ Path = $folder.Path; Name = "Doc $_"; Kind = 'Pdf'; SI_KEYWORD = "k$_"; Other = 'x' } }
        $rows | Export-Csv "$TestDrive/docs.csv"
        $made = Import-Csv "$TestDrive/docs.csv" | New-CmsObject -IncludeProperty SI_*
        $made.Count | Should -Be 2000
        $made[1999].Name, $made[1999].Properties.SI_KEYWORD, $made[1999].Properties.Count | Should -Be 'Doc 2000', 'k2000', 1
        @(Get-CmsObject $folder.Path -Children).Count | Should -Be 2000
        (Get-CmsObject $folder.Path -Children -First 2 -Skip 1).Name | Should -Be 'Doc 2', 'Doc 3'
    }

    It 'of several folders are counted over all of them by -First and -Skip' {
        $folders = 1..3 | ForEach-Object { New-Folder }
        $folders | ForEach-Object { foreach ($n in 1..2) { $null = New-CmsObject $_.Path "$($folders.IndexOf($_)) $n" Txt } }
        ($folders | Get-CmsObject -Children -First 1).Name | Should -Be '0 1'
        ($folders | Get-CmsObject -Children -First 3 -Skip 1).Name | Should -Be '0 2', '1 1', '1 2'
        (Get-CmsObject $folders.Path -Children -Skip 5).Name | Should -Be '2 2'
        ($folders | Get-CmsObject -First 1 -Skip 1).Id | Should -Be $folders[1].Id
        ($folders | ForEach-Object { "SELECT SI_NAME FROM CI_INFOOBJECTS WHERE SI_PARENTID = $($_.Id)" } | Find-CmsObject -First 3).SI_NAME | Should -Be '0 1', '0 2', '1 1'
    }

    It 'that fail among many are errors of their own, with their row as target, and the others are made' {
        $folder = New-Folder
        $null = New-CmsObject $folder.Path taken Txt
        $rows = 'a', 'taken', 'b', "bad`tname", 'c' | ForEach-Object { [pscustomobject]@{ ParentId = $folder.Id; Name = $_; Kind = 'Txt' } }
        $made = $rows | New-CmsObject -ErrorVariable failures -ErrorAction SilentlyContinue
        $made.Name | Should -Be 'a', 'b', 'c'
        $failures.FullyQualifiedErrorId -replace ',.*' | Should -Be 'NameInUse', 'InvalidObject'
        $failures.TargetObject.Name | Should -Be 'taken', "bad`tname"
        $failures.CategoryInfo.Category | Should -Be 'ResourceExists', 'InvalidData'
        $failures | ForEach-Object { $_.ErrorDetails.RecommendedAction | Should -Not -BeNullOrEmpty }
    }

    It 'with -ErrorAction Stop, end with the first that fails: <Wrong>' -ForEach @{ Wrong = 'missing' }, @{ Wrong = 'stale' } {
        $folder = New-Folder
        $made = 1..5 | ForEach-Object { New-CmsObject $folder.Path "o$_" Txt }
        $null = Set-CmsObject $made[2].Path -Property @{ n = 1 }
        $named = if ($Wrong -eq 'stale') { $made } else { "$($folder.Path)/o1", "$($folder.Path)/o2", "$($folder.Path)/none", "$($folder.Path)/o4" }
        { $named | Remove-CmsObject -Confirm:$false -ErrorAction Stop } | Should -Throw
        (Get-CmsObject $folder.Path -Children).Name | Should -Be 'o3', 'o4', 'o5'
        & {
            $ErrorActionPreference = 'Stop'
            { [pscustomobject]@{ Path = $folder.Path; Name = 'a' }, [pscustomobject]@{ Path = $folder.Path; Name = 'o4' }, [pscustomobject]@{ Path = $folder.Path; Name = 'b' } |
                    New-CmsObject -Kind Txt } | Should -Throw -ErrorId 'NameInUse,*'
        }
        (Get-CmsObject $folder.Path -Children).Name | Should -Be 'o3', 'o4', 'o5', 'a'
    }

    It 'go into a folder that the same pipeline makes' {
        $folder = New-Folder
        [pscustomobject]@{ Path = $folder.Path; Name = 'new'; Kind = 'Folder' }, [pscustomobject]@{ Path = "$($folder.Path)/new"; Name = 'in it'; Kind = 'Txt' } |
            New-CmsObject | ForEach-Object Name | Should -Be 'new', 'in it'
    }

    It 'that somebody changed in the meantime are left alone, unless forced' {
        $made = New-CmsObject (New-Folder).Path one Txt
        $made | Set-CmsObject -Property @{ by = 'first' }
        $failure = { $made | Set-CmsObject -Property @{ by = 'second' } -ErrorAction Stop } | Should -Throw -ErrorId 'VersionConflict,*' -PassThru
        $failure.CategoryInfo.Category | Should -Be 'InvalidOperation'
        (Get-CmsObject -Id $made.Id).Properties.by | Should -Be 'first'
        ($made | Set-CmsObject -Property @{ by = 'second' } -Force -PassThru).Properties.by | Should -Be 'second'
        { Get-CmsObject -Id $made.Id | Set-CmsObject } | Should -Throw -ErrorId 'InvalidOption,*'
    }

    It 'below a folder go only with -Recurse, and are not removed where nobody can be asked' {
        $folder = New-Folder
        $null = New-CmsObject $folder.Path one Txt
        { Remove-CmsObject $folder.Path -Confirm:$false } | Should -Throw -ErrorId 'InvalidObject,*'
        $text = Invoke-FreshShell "Remove-CmsObject '$($folder.Path)' -Recurse"
        $text -join "`n" | Should -Match 'NonInteractive'
        (Get-CmsObject $folder.Path).Id | Should -Be $folder.Id
        $folder | Remove-CmsObject -Recurse -Confirm:$false
        { Get-CmsObject $folder.Path -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectNotFound,*'
    }
}

Describe 'Find-CmsObject' {
    BeforeAll {
        $folder = New-Folder
        $null = 'a_b', 'axb', 'a%b', 'it''s', 'zz' | ForEach-Object { New-CmsObject $folder.Path $_ Txt -Property @{ n = $_.Length } }
    }

    It 'takes wildcards as the shell does: <Pattern>' -ForEach @(
        @{ Pattern = 'a?b'; Names = 'a_b', 'axb', 'a%b' }
        @{ Pattern = 'a_*'; Names = 'a_b' }
        @{ Pattern = 'A%B'; Names = 'a%b' }
        @{ Pattern = 'it''*'; Names = "it's" }
        @{ Pattern = '[y-z]*'; Names = 'zz' }
        @{ Pattern = 'a[%]b'; Names = 'a%b' }
        @{ Pattern = 'a[*]b'; Names = @() }
        @{ Pattern = '[^a]*'; Names = 'a_b', 'axb', 'a%b' }
        @{ Pattern = 'a[!x_]b'; Names = 'a_b', 'axb' }
    ) {
        @(Find-CmsObject -Under $folder.Path -Kind Txt -Name $Pattern | ForEach-Object Name) | Should -Be $Names
    }

    It 'says what is no wildcard' {
        { Find-CmsObject -Under $folder.Path -Name '[ab' } | Should -Throw -ErrorId 'InvalidOption,*'
    }

    It 'takes a query; its rows chain into other cmdlets' {
        $rows = Find-CmsObject "SELECT SI_ID, SI_NAME, n FROM CI_INFOOBJECTS WHERE SI_PARENTID = $($folder.Id) AND n = 3 ORDER BY SI_NAME DESC"
        $rows.SI_NAME | Should -Be 'a_b', 'axb', 'a%b'
        $rows[0].n | Should -BeOfType [long]
        ($rows | Get-CmsObject).Name | Should -Be 'a_b', 'axb', 'a%b'
        (Find-CmsObject "SELECT * FROM CI_INFOOBJECTS WHERE SI_PARENTID = $($folder.Id)" -First 2 -Skip 3).Name | Should -Be "it's", 'zz'
    }

    It 'gives 1,000 rows of a query without TOP and says that there are more; -First and -Skip go past them' {
        $many = New-Folder
        $null = 1..1005 | ForEach-Object { [pscustomobject]@{ Path = $many.Path; Name = "o$_"; Kind = 'Txt' } } | New-CmsObject
        $query = "FROM CI_INFOOBJECTS WHERE SI_PARENTID = $($many.Id)"
        $by = @{ WarningVariable = 'warned'; WarningAction = 'SilentlyContinue' }

        (Find-CmsObject "SELECT SI_NAME $query" @by).Count | Should -Be 1000
        "$warned" | Should -BeLike '*no TOP*1,000*more*TOP*-First*'
        foreach ($case in @(
                @{ Columns = 'SI_NAME'; Page = @{ First = 1003 }; Count = 1003; Last = 'o1003' }
                @{ Columns = '*'; Page = @{ First = 10; Skip = 1000 }; Count = 5; Last = 'o1005' }
                @{ Columns = 'SI_NAME'; Page = @{ Skip = 1000 }; Count = 5; Last = 'o1005' }
                @{ Columns = 'SI_NAME'; Page = @{ Skip = 5 }; Count = 1000; Last = 'o1005' }
                @{ Columns = 'TOP 1004 SI_NAME'; Page = @{}; Count = 1004; Last = 'o1004' }
                @{ Columns = 'top 4 *'; Page = @{ First = 10; Skip = 1 }; Count = 3; Last = 'o4' }
            )) {
            $page = $case.Page
            $found = @(Find-CmsObject "SELECT $($case.Columns) $query" @page @by)
            $found.Count | Should -Be $case.Count -Because "$($case.Columns) $($page.Keys)"
            ($found[-1].SI_NAME ?? $found[-1].Name) | Should -Be $case.Last
            $warned | Should -BeNullOrEmpty
        }
    }

    It 'finds objects of several kinds, written out or by wildcards' {
        (Find-CmsObject -Under $folder.Path -Kind Txt, Pdf).Count | Should -Be 5
        (Find-CmsObject -Under $folder.Path -Kind T*, Pdf).Count | Should -Be 5
        Find-CmsObject -Under $folder.Path -Kind Webi, Pdf | Should -BeNullOrEmpty
    }

    It 'points at what is wrong with a query' {
        $failure = { Find-CmsObject 'SELECT FROM CI_INFOOBJECTS' } | Should -Throw -ErrorId 'InvalidQuery,*' -PassThru
        $failure.Exception.Message | Should -Match '\^'
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
    }
}

Describe '-WhatIf' {
    It 'changes nothing, and tells what would fail' {
        $folder = New-Folder
        $made = New-CmsObject $folder.Path one Txt
        New-CmsObject $folder.Path two Txt -WhatIf | Should -BeNullOrEmpty
        { New-CmsObject $folder.Path one Txt -WhatIf } | Should -Throw -ErrorId 'NameInUse,*'
        { Remove-CmsObject $folder.Path -WhatIf } | Should -Throw -ErrorId 'InvalidObject,*'
        { Remove-CmsObject /Users -Recurse -WhatIf } | Should -Throw -ErrorId 'InvalidObject,*'
        { Move-CmsObject $folder.Path -Destination $folder.Path -WhatIf } | Should -Throw -ErrorId 'InvalidObject,*'
        { Set-CmsObject $made.Path -Property @{ a = 1 } -ExpectedVersion 7 -WhatIf } | Should -Throw -ErrorId 'VersionConflict,*'
        (Set-CmsObject $made.Path -Property @{ a = 1 } -WhatIf -PassThru).Version | Should -Be 1
        Grant-CmsRight $made.Path Everyone View -WhatIf
        $made | Remove-CmsObject -WhatIf
        Invoke-FreshShell "Remove-CmsObject '$($folder.Path)' -Recurse -WhatIf" | Should -BeLike '*2 objects*'
        (Get-CmsObject -Id $made.Id).Version | Should -Be 1
        @(Get-CmsObject $folder.Path -Children).Count | Should -Be 1
        New-CmsUser nobody -WhatIf | Should -BeNullOrEmpty
        { Get-CmsUser nobody -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectNotFound,*'
    }

    It 'takes a folder that it told of for one that is there' {
        $folder = New-Folder
        $rows = [pscustomobject]@{ Path = $folder.Path; Name = 'new'; Kind = 'Folder' },
            [pscustomobject]@{ Path = "$($folder.Path)/new"; Name = 'inner'; Kind = 'Folder' },
            [pscustomobject]@{ Path = "$($folder.Path)/new/inner"; Name = 'one'; Kind = 'Txt' }
        $rows | New-CmsObject -WhatIf -ErrorVariable failed
        $failed | Should -BeNullOrEmpty
        $rows | New-CmsObject -Confirm:$false | Should -HaveCount 3
        { [pscustomobject]@{ Path = "$($folder.Path)/other"; Name = 'one'; Kind = 'Txt' } | New-CmsObject -WhatIf -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectNotFound,*'
    }
}

Describe 'Names of objects' {
    It 'that were seen are completed without asking the node' {
        $folder = New-Folder
        $line = "Get-CmsObject '/Root Folder/F"
        [Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText | Should -Contain "'$($folder.Path)'"
    }

    It 'given in two ways, or in none, are refused' {
        { Get-CmsObject /Users -Id 4 } | Should -Throw -ErrorId 'InvalidOption,*'
        { Get-CmsObject } | Should -Throw -ErrorId 'InvalidOption,*'
        { Get-CmsObject -Cuid '' } | Should -Throw -ErrorId 'InvalidOption,*'
        { '/Users' | Get-CmsObject -Cuid { '' } -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidOption,*'
        { Get-CmsObject -Cuid $null } | Should -Throw -ErrorId 'InvalidOption,*'
        ([pscustomobject]@{ SI_ID = 4; SI_CUID = '' } | Get-CmsObject).Id | Should -Be 4
    }
}

Describe 'An object that is not there' {
    It 'is a non-terminating error, which <Name> goes on after, as Get-Item does' -ForEach @(
        @{ Name = 'Get-CmsObject'; Ask = { Get-CmsObject /nope @args } }
        @{ Name = 'Get-CmsObject -Children'; Ask = { Get-CmsObject -Id 999999999 -Children @args } }
        @{ Name = 'Set-CmsObject'; Ask = { Set-CmsObject /nope -Property @{ a = 1 } @args } }
        @{ Name = 'Remove-CmsObject'; Ask = { Remove-CmsObject -Cuid nope -Confirm:$false @args } }
        @{ Name = 'Move-CmsObject'; Ask = { Move-CmsObject /nope '/Root Folder' @args } }
        @{ Name = 'New-CmsObject'; Ask = { New-CmsObject /nope new Txt @args } }
        @{ Name = 'Export-CmsObject'; Ask = { Export-CmsObject /nope @args } }
        @{ Name = 'Export-CmsObject to a file'; Ask = { Export-CmsObject /nope "$TestDrive/nope.jsonl" @args } }
        @{ Name = 'Get-CmsRight'; Ask = { Get-CmsRight /nope @args } }
        @{ Name = 'Grant-CmsRight'; Ask = { Grant-CmsRight /nope Everyone View @args } }
        @{ Name = 'Test-CmsRight'; Ask = { Test-CmsRight /nope View @args } }
        @{ Name = 'Get-CmsUser'; Ask = { Get-CmsUser nope @args } }
        @{ Name = 'Get-CmsUser by id'; Ask = { Get-CmsUser -Id 999999999 @args } }
        @{ Name = 'Get-CmsGroup'; Ask = { Get-CmsGroup nope @args } }
        @{ Name = 'Get-CmsGroupMember'; Ask = { Get-CmsGroupMember nope @args } }
        @{ Name = 'Add-CmsGroupMember'; Ask = { Add-CmsGroupMember Administrators nope @args } }
        @{ Name = 'Remove-CmsUser'; Ask = { Remove-CmsUser nope -Confirm:$false @args } }
        @{ Name = 'Revoke-CmsToken'; Ask = { Revoke-CmsToken ([guid]::NewGuid()) @args } }
    ) {
        $ErrorActionPreference = 'Stop'
        @(& $Ask -ErrorAction Ignore).Count | Should -Be 0
        (& $Ask -ErrorAction Continue 2>&1).FullyQualifiedErrorId | Should -BeLike 'ObjectNotFound,*'
        { & $Ask } | Should -Throw -ErrorId 'ObjectNotFound,*'
        Test-Path "$TestDrive/nope.jsonl" | Should -BeFalse
    }

    It 'ends a cmdlet that cannot do anything without it' {
        { Get-CmsObject '/Root Folder' | Move-CmsObject -Destination /nope -ErrorAction SilentlyContinue } | Should -Throw -ErrorId 'ObjectNotFound,*'
        { Add-CmsGroupMember nope Guest -ErrorAction SilentlyContinue } | Should -Throw -ErrorId 'ObjectNotFound,*'
    }
}

Describe 'Ctrl+C' {
    It 'ends a pipeline that makes objects' {
        $folder = New-Folder
        $shell = [powershell]::Create()
        $null = $shell.AddScript("Import-Module '$ModulePath'; 1..1000000 | ForEach-Object { [pscustomobject]@{ ParentId = $($folder.Id); Name = `"n `$_`"; Kind = 'Txt' } } | New-CmsObject")
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $run = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
        while ($output.Count -eq 0) {
            if ($run.AsyncWaitHandle.WaitOne(20)) { throw "it ended by itself: $($shell.Streams.Error)" }
        }
        $shell.Stop()
        $shell.InvocationStateInfo.State | Should -Be 'Stopped'
        $shell.Dispose()
    }
}

Describe 'A node that does not answer' {
    It 'ends a pipeline at its first input' {
        $node.Kill()
        $node.WaitForExit()
        $text = Invoke-FreshShell "`$e = @(); try { 1..3 | ForEach-Object { [pscustomobject]@{ Id = `$_ } } | Get-CmsObject -ErrorVariable e } catch { `$_.FullyQualifiedErrorId; `$_.CategoryInfo.Category }"
        $text | Should -Be 'ServerUnreachable,LoggerCms.PowerShell.Cms.GetCmsObjectCommand', 'ConnectionError'
    }
}

Describe 'The script Node-First-Hour.ps1' {
    It 'runs as it stands, finds everything after the kill, and leaves nothing' {
        $folder = New-Item -ItemType Directory "$TestDrive/example"
        $env:TMPDIR = $folder
        try {
            $text = & (Get-Process -Id $PID).Path -NoProfile -NonInteractive -File "$Root/examples/Node-First-Hour.ps1" 2>&1 | Out-String
            $LASTEXITCODE | Should -Be 0 -Because $text
        }
        finally {
            Remove-Item Env:TMPDIR
        }
        $text | Should -Match '10[^\d]?000 of 10[^\d]?000 objects are there, 0 differ; jane may edit Document 1: False'
        $text | Should -Match 'Delta files left: 0'
        Get-ChildItem $folder -Filter loggercms-* | Should -BeNullOrEmpty
    }
}
