# The config message log through the module, on SQLite sides.
param([string] $Configuration = 'Debug')

BeforeAll {
    . "$PSScriptRoot/Common.ps1"
    Set-TestHome $TestDrive
    Import-Module $ModulePath
    New-Sides $TestDrive
    Push-Location $TestDrive
}

AfterAll {
    Pop-Location
    Remove-Item Env:LOGGERCMS_HOME
}

Describe 'A config message log' {
    It 'is off until it is enabled' {
        (Get-ConfigMessageLog a.db).Enabled | Should -BeFalse
        (Enable-ConfigMessageLog a.db -WhatIf).Enabled | Should -BeFalse
        (Get-ConfigMessageLog a.db).Enabled | Should -BeFalse
    }

    It 'is enabled with the name of the side and the tables in scope' {
        $state = New-SideConnection a.db -Name A | Enable-ConfigMessageLog -Table agent*, call_type
        $state.Enabled | Should -BeTrue
        $state.Origin | Should -BeLike 'A-*'
        $state.Tables | Should -Be 'agent', 'agent_team', 'call_type'
    }

    It 'records what a transfer changes and lets the next one send only that' {
        $null = Enable-ConfigMessageLog b.db -SideName B -Table agent*, call_type
        $null = Start-StateTransfer a.db b.db -Table agent*, call_type -Confirm:$false
        (Compare-SideState a.db b.db -Table agent*, call_type).Equal | Should -BeTrue
        (Start-StateTransfer a.db b.db -Mode Log -Table agent*, call_type -Confirm:$false).Status | Should -Be 'NothingToSend'
    }

    It 'is removed with all that belongs to it' {
        $before = (Get-SideState a.db).Checksum
        (Disable-ConfigMessageLog a.db, b.db -Confirm:$false).Enabled | Should -Be $false, $false
        (Get-ConfigMessageLog a.db).Enabled | Should -BeFalse
        (Get-SideState a.db).Checksum | Should -Be $before
    }

    It 'cannot be read where there is none' {
        { Get-ConfigMessageLog a.db -Entries } | Should -Throw -ErrorId 'LogNotEnabled,*'
    }
}
