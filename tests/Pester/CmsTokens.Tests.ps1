# Lists of tokens at the shell, against one real node.
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
