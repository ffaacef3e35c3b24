namespace LoggerCms;

/// <summary>The stable codes of <see cref="LoggerCmsException"/>: one a cause.</summary>
public static class ErrorCodes
{
    public const string InvalidConnection = "InvalidConnection";
    public const string InvalidProfile = "InvalidProfile";
    public const string InvalidOption = "InvalidOption";
    public const string EngineMissing = "EngineMissing";
    public const string NotADatabase = "NotADatabase";
    public const string DatabaseNotFound = "DatabaseNotFound";
    public const string AuthenticationFailed = "AuthenticationFailed";
    public const string ServerUnreachable = "ServerUnreachable";
    public const string AccessDenied = "AccessDenied";
    public const string ConnectionLost = "ConnectionLost";
    public const string DatabaseError = "DatabaseError";
    public const string DatabaseDamaged = "DatabaseDamaged";
    public const string TableNotFound = "TableNotFound";
    public const string MissingTable = "MissingTable";
    public const string SchemaMismatch = "SchemaMismatch";
    public const string KeyNotUnique = "KeyNotUnique";
    public const string TableWithoutKey = "TableWithoutKey";
    public const string ValueNotRepresentable = "ValueNotRepresentable";
    public const string SnapshotNotAvailable = "SnapshotNotAvailable";
    public const string SideInService = "SideInService";
    public const string SameSide = "SameSide";
    public const string DestinationInUse = "DestinationInUse";
    public const string DestinationChanged = "DestinationChanged";
    public const string DestinationAhead = "DestinationAhead";
    public const string DestinationDiverged = "DestinationDiverged";
    public const string TransferInProgress = "TransferInProgress";
    public const string TransferNotFound = "TransferNotFound";
    public const string TransferNotResumable = "TransferNotResumable";
    public const string LogCannotServe = "LogCannotServe";
    public const string LogNotEnabled = "LogNotEnabled";
    public const string LogNotPossible = "LogNotPossible";
    public const string TempFolderUnusable = "TempFolderUnusable";
    public const string DiskFull = "DiskFull";
    public const string AccountNotFound = "AccountNotFound";
    public const string ProcessNotFound = "ProcessNotFound";
    public const string UnsafeLink = "UnsafeLink";
    public const string FolderProtected = "FolderProtected";
    public const string AclNotPossible = "AclNotPossible";
    public const string AclChanged = "AclChanged";
    public const string AclDescriptorNotFound = "AclDescriptorNotFound";
    public const string AclDescriptorDamaged = "AclDescriptorDamaged";
    public const string SpoolDamaged = "SpoolDamaged";
    public const string UndoDamaged = "UndoDamaged";
    public const string UndoNotLast = "UndoNotLast";
    public const string ChangedSinceTransfer = "ChangedSinceTransfer";
    public const string VerificationFailed = "VerificationFailed";
    public const string ForeignKeyViolated = "ForeignKeyViolated";
    public const string ConstraintViolated = "ConstraintViolated";
    public const string OutcomeUnknown = "OutcomeUnknown";
    public const string Unexpected = "Unexpected";
    public const string FormatNotSupported = "FormatNotSupported";
}
