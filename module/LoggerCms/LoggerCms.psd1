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
        'Clear-StateTransferTemp'
        'Compare-SideState'
        'Connect-Cms'
        'Disable-ConfigMessageLog'
        'Disconnect-Cms'
        'Enable-ConfigMessageLog'
        'Find-LoggerFault'
        'Get-CmsNode'
        'Get-ConfigMessageLog'
        'Get-DeltaFile'
        'Get-LoggerTrace'
        'Get-RunTimeImage'
        'Get-SideState'
        'Get-StateTransfer'
        'Invoke-DeltaReconcile'
        'New-SideConnection'
        'Repair-TempAcl'
        'Restore-TempAcl'
        'Resume-StateTransfer'
        'Start-CmsNode'
        'Start-StateTransfer'
        'Stop-CmsNode'
        'Stop-StateTransfer'
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
