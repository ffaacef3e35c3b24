@{
    RootModule           = 'bin/LoggerCms.PowerShell.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = 'b1f0a0f6-7c1e-4c55-9a53-6c6a4f2c8d17'
    Author               = 'LoggerCms'
    Copyright            = '(c) LoggerCms contributors. MIT licence.'
    Description          = 'Compares the databases of two sides of a system and brings one to the state of the other: safely, with proof, and with a way back.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    TypesToProcess       = @('LoggerCms.types.ps1xml')
    FormatsToProcess     = @('LoggerCms.format.ps1xml')
    FunctionsToExport    = @()
    VariablesToExport    = @()
    AliasesToExport      = @()
    CmdletsToExport      = @(
        'Add-CmsGroupMember'
        'Backup-CmsSide'
        'Clear-StateTransferTemp'
        'Compare-SideState'
        'Connect-Cms'
        'Deny-CmsRight'
        'Disable-ConfigMessageLog'
        'Disconnect-Cms'
        'Enable-ConfigMessageLog'
        'Export-CmsObject'
        'Find-CmsObject'
        'Find-LoggerFault'
        'Get-CmsAuditEvent'
        'Get-CmsGroup'
        'Get-CmsGroupMember'
        'Get-CmsNode'
        'Get-CmsObject'
        'Get-CmsRight'
        'Get-CmsToken'
        'Get-CmsUser'
        'Get-ConfigMessageLog'
        'Get-DeltaFile'
        'Get-LoggerTrace'
        'Get-RunTimeImage'
        'Get-SideState'
        'Get-StateTransfer'
        'Grant-CmsRight'
        'Import-CmsObject'
        'Invoke-DeltaReconcile'
        'Move-CmsObject'
        'New-CmsGroup'
        'New-CmsObject'
        'New-CmsToken'
        'New-CmsUser'
        'New-SideConnection'
        'Remove-CmsGroup'
        'Remove-CmsGroupMember'
        'Remove-CmsObject'
        'Remove-CmsUser'
        'Repair-TempAcl'
        'Restore-CmsSide'
        'Restore-TempAcl'
        'Resume-StateTransfer'
        'Revoke-CmsRight'
        'Revoke-CmsToken'
        'Set-CmsObject'
        'Set-CmsPassword'
        'Set-CmsRightInheritance'
        'Start-CmsNode'
        'Start-StateTransfer'
        'Stop-CmsNode'
        'Stop-StateTransfer'
        'Test-CmsRight'
        'Test-TempAccess'
        'Undo-StateTransfer'
    )
    PrivateData          = @{
        PSData = @{
            Tags       = @('Database', 'Comparison', 'Replication', 'SQLite', 'PostgreSQL', 'SqlServer', 'PSEdition_Core', 'Linux', 'Windows', 'MacOS')
            LicenseUri = 'https://opensource.org/license/mit'
        }
    }
}
