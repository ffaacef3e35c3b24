# Names that are misspelt or no text at the shell, against one real node.
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
