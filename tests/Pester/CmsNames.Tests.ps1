# Names that are given, misspelt or no text at the shell, against one real node.
param([string] $Configuration = 'Debug')

BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    . "$PSScriptRoot/Node.ps1"
    Import-Module $ModulePath
    $node = Start-TestNode $TestDrive
    Connect-Cms
}

AfterAll { Stop-TestNode $node }

Describe 'A list of tokens' {
    It 'of nobody is an error, of a user without tokens nothing' {
        $user = New-CmsUser tess
        Get-CmsToken -User tess -ErrorAction Stop | Should -BeNullOrEmpty
        Get-CmsToken -PrincipalId $user.Id -ErrorAction Stop | Should -BeNullOrEmpty
        $user | Get-CmsToken -ErrorAction Stop | Should -BeNullOrEmpty
        Get-CmsToken -User 'tes?', 'nobody-*' -ErrorAction Stop | Should -BeNullOrEmpty
        $made = New-CmsToken 'of tess' -User tess
        foreach ($list in @{ User = 'tesss', 'tess' }, @{ Name = 'of tes', 'of tess' }, @{ PrincipalId = 999999, $user.Id }) {
            (Get-CmsToken @list -ErrorVariable failed -ErrorAction SilentlyContinue).Id | Should -Be $made.Id
            $failed.Count | Should -Be 1
        }
        { Get-CmsToken -User tesss -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectNotFound,*' -ExpectedMessage "*user 'tesss'*"
        { Get-CmsToken 'of tes' -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectNotFound,*' -ExpectedMessage "*token 'of tes'*"
        { Get-CmsToken -PrincipalId 999999 -ErrorAction Stop } | Should -Throw -ErrorId 'ObjectNotFound,*'
        $user, $user | Get-CmsToken 'of tes' -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed.Count | Should -Be 1
        # A user that is gone is known by its tokens.
        $user | Remove-CmsUser -Confirm:$false
        (Get-CmsToken -PrincipalId $user.Id -ErrorAction Stop).Id | Should -Be $made.Id
    }
}

Describe 'A text with half a surrogate pair' {
    It 'is refused and becomes no other' {
        $half = "nx$([char]0xD83D)"
        $folder = New-Folder
        $object = New-CmsObject $folder.Path whole Txt
        foreach ($try in { New-CmsObject $folder.Path $half Txt }, { $object | Set-CmsObject -Name $half }, { $object | Move-CmsObject -Destination $folder.Path -Name $half },
            { New-CmsUser $half }, { New-CmsToken $half }, { New-CmsUser whole -FullName $half }, { New-CmsObject $folder.Path x Txt -Property @{ $half = 1 } },
            { Get-CmsObject "$($folder.Path)/$half" }, { Find-CmsObject "SELECT SI_ID FROM CI_INFOOBJECTS WHERE SI_NAME = '$half'" }, { Find-CmsObject -Name $half }) {
            $failure = { & $try -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidObject,*' -PassThru
            $failure.Exception.Message | Should -BeLike "*nx$([char]0xFFFD)*half a surrogate pair*" -Because $try
        }
        (Get-CmsObject $folder.Path -Children).Name | Should -Be 'whole'
        (Get-CmsUser).Name | Should -Not -Contain 'whole'
    }
}

Describe 'A name' {
    It 'is given to each by a script block, and rows are moved to the folders that they name' {
        $folder = New-Folder
        'old 1', 'old 2', 'else' | ForEach-Object { $null = New-CmsObject $folder.Path $_ Txt }
        (Get-CmsObject $folder.Path -Children | Set-CmsObject -Name { $_.Name -replace 'old', 'new' } -PassThru).Name | Should -Be 'new 1', 'new 2', 'else'
        (Get-CmsObject $folder.Path -Children | Set-CmsObject -Property @{ a = 1 } -PassThru).Name | Should -Be 'new 1', 'new 2', 'else'
        Get-CmsObject "$($folder.Path)/else" | Set-CmsObject -Name { '' } -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'InvalidOption,*'
        $target = New-CmsObject $folder.Path target Folder
        $rows = "Path,Destination`n$($folder.Path)/new 1,$($target.Path)`n$($folder.Path)/new 2,$($folder.Path)/nowhere`n$($folder.Path)/else,$($target.Path)" | ConvertFrom-Csv
        ($rows | Move-CmsObject -PassThru -ErrorVariable failed -ErrorAction SilentlyContinue).Path | Should -Be "$($target.Path)/new 1", "$($target.Path)/else"
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'ObjectNotFound,*'
        (Get-CmsObject $target.Path -Children | Move-CmsObject -Destination { $folder.Path } -Name { "m $($_.Name)" } -PassThru).Name | Should -Be 'm new 1', 'm else'
    }

    It 'of what every object has is no property''s, and a wildcard means properties' {
        $folder = New-Folder
        { Set-CmsObject $folder.Path @{ si_name = 'x' } } | Should -Throw -ErrorId 'InvalidObject,*'
        { New-CmsObject $folder.Path a Txt -Property @{ SI_ANCESTOR = 4 } } | Should -Throw -ErrorId 'InvalidObject,*'
        $made = [pscustomobject]@{ Path = $folder.Path; SI_NAME = 'a'; SI_KIND = 'Txt'; SI_KEYWORD = 'k' } | New-CmsObject -IncludeProperty SI_*
        $made.Name | Should -Be 'a'
        [string[]] $made.Properties.Keys | Should -Be 'SI_KEYWORD'
    }
}
