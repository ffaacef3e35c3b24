# Objects, users, rights, tokens and audit at the shell, against one real node.
param([string] $Configuration = 'Debug')

BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    . "$PSScriptRoot/Node.ps1"
    Import-Module $ModulePath
    $node = Start-TestNode $TestDrive
    Connect-Cms

    function New-Folder { New-CmsObject '/Root Folder' "F $([guid]::NewGuid())" Folder }
    function New-Secret([string] $Text) { ConvertTo-SecureString $Text -AsPlainText -Force }
    function New-Login([string] $Name, [string] $Password) { [pscredential]::new($Name, (New-Secret $Password)) }
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
        { Get-CmsObject -Id $made.Id } | Should -Throw -ErrorId 'ObjectNotFound,*'
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
        { Get-CmsObject $folder.Path } | Should -Throw -ErrorId 'ObjectNotFound,*'
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
    ) {
        (Find-CmsObject -Under $folder.Path -Kind Txt -Name $Pattern).Name | Should -Be $Names
    }

    It 'takes a query; its rows chain into other cmdlets' {
        $rows = Find-CmsObject "SELECT SI_ID, SI_NAME, n FROM CI_INFOOBJECTS WHERE SI_PARENTID = $($folder.Id) AND n = 3 ORDER BY SI_NAME DESC"
        $rows.SI_NAME | Should -Be 'a_b', 'axb', 'a%b'
        $rows[0].n | Should -BeOfType [long]
        ($rows | Get-CmsObject).Name | Should -Be 'a_b', 'axb', 'a%b'
        (Find-CmsObject "SELECT * FROM CI_INFOOBJECTS WHERE SI_PARENTID = $($folder.Id)" -First 2 -Skip 3).Name | Should -Be "it's", 'zz'
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
        { Get-CmsUser nobody } | Should -Throw -ErrorId 'ObjectNotFound,*'
    }
}

Describe 'Users and groups' {
    It 'are made, joined, listed and removed' {
        $group = New-CmsGroup 'Sales Team', 'Inner Team'
        $group.Kind | Should -Be 'UserGroup', 'UserGroup'
        $jane = New-CmsUser -Credential (New-Login jane 'Pass-1 word') -FullName 'Jane Doe' -Email jane@example.org -Group 'Inner Team'
        $jane.Groups | Should -Be 'Inner Team'
        $jane.FullName, $jane.Email | Should -Be 'Jane Doe', 'jane@example.org'
        Add-CmsGroupMember 'Sales Team' 'Inner Team'
        (Get-CmsUser ja* | Add-CmsGroupMember 'Sales Team' -PassThru).Groups | Should -Be 'Inner Team', 'Sales Team'
        (Get-CmsGroupMember 'Sales Team').Name | Should -Be 'jane', 'Inner Team'
        (Get-CmsGroup *Team).Name | Should -Be 'Sales Team', 'Inner Team'
        Remove-CmsGroupMember 'Sales Team' jane
        (Get-CmsUser jane).Groups | Should -Be 'Inner Team'
        Remove-CmsGroup 'Inner Team' -Confirm:$false
        (Get-CmsUser jane).GroupIds | Should -BeNullOrEmpty
        Get-CmsUser jane | Remove-CmsUser -Confirm:$false
        Remove-CmsGroup 'Sales Team' -Confirm:$false
        (Get-CmsUser).Name | Should -Not -Contain 'jane'
        { Remove-CmsUser Administrator -Confirm:$false } | Should -Throw -ErrorId 'InvalidObject,*'
    }

    It 'log on with the password that was set last, and no secret is shown' {
        $all = & {
            New-CmsUser -Credential (New-Login carl 'S3cret-one!') -Verbose | Format-List * -Force
            Set-CmsPassword -Credential (New-Login carl 'S3cret-two!') -Verbose
        } *>&1 | Out-String
        $all | Should -Not -Match 'S3cret'
        { Connect-Cms -Credential (New-Login carl 'S3cret-one!') -PassThru } | Should -Throw -ErrorId 'AuthenticationFailed,*'
        $session = Connect-Cms -Credential (New-Login carl 'S3cret-two!') -PassThru
        Connect-Cms
        { Get-CmsObject /Users -Connection $session } | Should -Throw -ErrorId 'ObjectNotFound,*' -Because 'what may not be seen is not there'
        $folder = New-Folder
        Grant-CmsRight $folder.Path carl View
        { New-CmsObject $folder.Path x Txt -Connection $session -WhatIf } | Should -Throw -ErrorId 'Forbidden,*'
        $failure = { New-CmsObject $folder.Path x Txt -Connection $session } | Should -Throw -ErrorId 'Forbidden,*' -PassThru
        $failure.CategoryInfo.Category | Should -Be 'PermissionDenied'
        Get-CmsUser carl | Remove-CmsUser -Confirm:$false
    }
}

Describe 'Rights' {
    BeforeAll {
        $folder = New-Folder
        $inner = New-CmsObject $folder.Path inner Folder
        $null = New-CmsGroup readers
        $null = New-CmsUser rita -Group readers
    }

    It 'are granted, denied, explained and revoked' {
        Test-CmsRight $inner.Path View rita -Quiet | Should -BeFalse
        $entries = Grant-CmsRight $folder.Path readers View, Edit -PassThru
        ($entries | Where-Object Principal -eq readers).Right | Should -Be 'Edit', 'View'
        Test-CmsRight $inner.Path View, Edit rita -Quiet | Should -BeTrue
        Get-CmsUser rita | Deny-CmsRight $inner.Path -Right Edit
        $decision = $inner | Test-CmsRight -Right Edit -Principal rita -Explain
        $decision.Granted | Should -BeFalse
        $decision.Steps | Should -Not -BeNullOrEmpty
        (Test-CmsRight $inner.Path Edit rita).Steps | Should -BeNullOrEmpty
        (Get-CmsRight $inner.Path -ExplicitOnly).Value | Should -Be 'Denied'
        (Get-CmsRight $inner.Path rita, readers | Where-Object Inherited).Right | Should -Be 'Edit', 'View'

        Get-CmsRight $inner.Path -ExplicitOnly | Revoke-CmsRight
        Test-CmsRight $inner.Path Edit rita -Quiet | Should -BeTrue
        Set-CmsRightInheritance $inner.Path -FromFolder $false
        Test-CmsRight $inner.Path Edit rita -Quiet | Should -BeFalse
        Set-CmsRightInheritance $inner.Path -FromFolder $true
        Revoke-CmsRight $folder.Path readers
        Test-CmsRight $inner.Path View rita -Quiet | Should -BeFalse
    }

    It 'that do not exist are refused, with those that do' {
        $failure = { Grant-CmsRight $folder.Path rita Fly } | Should -Throw -ErrorId 'InvalidObject,*' -PassThru
        $failure.Exception.Message | Should -Match 'ViewInstances'
        { Grant-CmsRight $folder.Path nobody-there View } | Should -Throw -ErrorId 'ObjectNotFound,*'
    }

    It 'are completed as the node knows them' {
        $line = 'Grant-CmsRight /x y '
        $words = [Management.Automation.CommandCompletion]::CompleteInput("$line-Right ", "$line-Right ".Length, $null).CompletionMatches.CompletionText
        $words.Count | Should -BeGreaterThan 30
        foreach ($word in $words) { Grant-CmsRight $inner.Path rita $word }
        (Get-CmsRight $inner.Path rita -ExplicitOnly).Right | Sort-Object | Should -Be ($words | Sort-Object)
        Revoke-CmsRight $inner.Path rita
    }
}

Describe 'Tokens' {
    It 'let in until they are revoked; the secret is told once, and not in plain unless asked for' {
        $token = New-CmsToken runbook -Lifetime 1:00:00
        $token.Secret | Should -BeOfType [securestring]
        ($token | Out-String) | Should -Not -Match 'Secret\s*:\s*\S+[A-Za-z0-9_-]{30}'
        $session = Connect-Cms -Token $token.Secret -PassThru
        Connect-Cms
        (Get-CmsObject / -Connection $session).Id | Should -Be 4
        $listed = Get-CmsToken runbook
        $listed.Id | Should -Be $token.Id
        $listed.PSObject.Properties.Name | Should -Not -Contain 'Secret'
        $listed | Revoke-CmsToken
        (Get-CmsToken -Id $token.Id).Revoked | Should -BeTrue
        { Get-CmsObject / -Connection $session } | Should -Throw -ErrorId 'Unauthenticated,*'
        (New-CmsToken plain -AsPlainText).Secret | Should -BeOfType [string]
        { Revoke-CmsToken ([guid]::NewGuid()) } | Should -Throw -ErrorId 'ObjectNotFound,*'
    }
}

Describe 'Audit' {
    It 'is read by user, action, result, object and text, the newest first when asked' {
        $made = New-CmsObject (New-Folder).Path audited Txt
        $made | Set-CmsObject -Property @{ a = 1 }
        $null = New-CmsUser olga
        $events = @()
        # Events reach the audit database a moment after the change.
        while (@($events).Count -lt 2) { $events = Get-CmsAuditEvent -Id $made.Id }
        $events.Action | Should -Be 'Create', 'Update'
        $events.Principal | Select-Object -Unique | Should -Be 'Administrator'
        ($made | Get-CmsAuditEvent -Newest 1).Action | Should -Be 'Update'
        ($made | Get-CmsAuditEvent -Skip 1 -First 1).Action | Should -Be 'Update'
        @($made | Get-CmsAuditEvent -Action Create -Result Succeeded -User Administrator).Count | Should -Be 1
        Get-CmsAuditEvent -Id $made.Id -To $events[0].Time | Should -BeNullOrEmpty
        (Get-CmsAuditEvent -Text audited | Select-Object -First 1).ObjectName | Should -Be 'audited'
        Get-CmsUser olga | Get-CmsAuditEvent | Should -BeNullOrEmpty
    }
}

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
        Export-CmsObject $guarded.Path | Import-CmsObject -Destination (New-Folder).Path -IncludeRights -ErrorVariable failures -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failures[0].FullyQualifiedErrorId | Should -BeLike 'InvalidOption,*'
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
        { Export-CmsObject $source.Path "$TestDrive/no/such/folder/x.jsonl" } | Should -Throw
        Get-ChildItem $TestDrive -Filter *.partial | Should -BeNullOrEmpty
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

Describe 'Names of objects' {
    It 'that were seen are completed without asking the node' {
        $folder = New-Folder
        $line = "Get-CmsObject '/Root Folder/F"
        [Management.Automation.CommandCompletion]::CompleteInput($line, $line.Length, $null).CompletionMatches.CompletionText | Should -Contain "'$($folder.Path)'"
    }

    It 'given in two ways, or in none, are refused' {
        { Get-CmsObject /Users -Id 4 } | Should -Throw -ErrorId 'InvalidOption,*'
        { Get-CmsObject } | Should -Throw -ErrorId 'InvalidOption,*'
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
