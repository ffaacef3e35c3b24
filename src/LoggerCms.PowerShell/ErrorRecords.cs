using System.Management.Automation;

namespace LoggerCms.PowerShell;

/// <summary>Turns failures into error records: one stable id a cause, a true category, the remedy as the recommended action.</summary>
internal static class ErrorRecords
{
    public static ErrorRecord From(Exception exception, object? target)
    {
        if (exception is not LoggerCmsException failure)
        {
            var category = exception is OperationCanceledException ? ErrorCategory.OperationStopped : ErrorCategory.NotSpecified;
            return new ErrorRecord(exception, ErrorCodes.Unexpected, category, target);
        }

        return new ErrorRecord(failure, failure.Code, Category(failure.Code), target)
        {
            ErrorDetails = new ErrorDetails($"{Where(failure)}{failure.Message}") { RecommendedAction = Action(failure) },
        };
    }

    /// <summary>Whether a failure says that what was named is not there.</summary>
    public static bool IsNotThere(Exception failure) => failure is LoggerCmsException { Code: ErrorCodes.ObjectNotFound };

    /// <summary>The category of a code; every code has one.</summary>
    public static ErrorCategory Category(string code) => code switch
    {
        ErrorCodes.InvalidConnection or ErrorCodes.InvalidProfile or ErrorCodes.InvalidOption or ErrorCodes.SameSide or ErrorCodes.InvalidQuery
            => ErrorCategory.InvalidArgument,
        ErrorCodes.NotADatabase or ErrorCodes.DatabaseDamaged or ErrorCodes.SchemaMismatch or ErrorCodes.KeyNotUnique
            or ErrorCodes.TableWithoutKey or ErrorCodes.ValueNotRepresentable or ErrorCodes.SpoolDamaged
            or ErrorCodes.UndoDamaged or ErrorCodes.ForeignKeyViolated or ErrorCodes.ConstraintViolated or ErrorCodes.AclDescriptorDamaged
            or ErrorCodes.SecretDamaged or ErrorCodes.DeltaDamaged or ErrorCodes.InvalidObject
            => ErrorCategory.InvalidData,
        ErrorCodes.DatabaseNotFound or ErrorCodes.TableNotFound or ErrorCodes.MissingTable or ErrorCodes.TransferNotFound
            or ErrorCodes.TraceNotFound or ErrorCodes.ProfileNotFound
            or ErrorCodes.ObjectNotFound
            or ErrorCodes.AccountNotFound or ErrorCodes.ProcessNotFound or ErrorCodes.AclDescriptorNotFound
            => ErrorCategory.ObjectNotFound,
        ErrorCodes.AuthenticationFailed or ErrorCodes.Unauthenticated => ErrorCategory.AuthenticationError,
        ErrorCodes.AccessDenied or ErrorCodes.FolderProtected or ErrorCodes.Forbidden => ErrorCategory.PermissionDenied,
        ErrorCodes.UnsafeLink or ErrorCodes.SecretExposed or ErrorCodes.CertificateNotTrusted => ErrorCategory.SecurityError,
        ErrorCodes.ServerUnreachable or ErrorCodes.ConnectionLost => ErrorCategory.ConnectionError,
        ErrorCodes.SideInService or ErrorCodes.DestinationInUse or ErrorCodes.TransferInProgress or ErrorCodes.NodeNotReady => ErrorCategory.ResourceBusy,
        ErrorCodes.DestinationChanged or ErrorCodes.DestinationAhead or ErrorCodes.DestinationDiverged
            or ErrorCodes.TransferNotResumable or ErrorCodes.UndoNotLast
            or ErrorCodes.ChangedSinceTransfer or ErrorCodes.LogCannotServe or ErrorCodes.LogNotEnabled or ErrorCodes.LogNotPossible
            or ErrorCodes.EpochLost or ErrorCodes.DatabaseWentBack or ErrorCodes.RequestExpired or ErrorCodes.DeltaConflict or ErrorCodes.VersionConflict
            or ErrorCodes.ConfirmationNotPossible or ErrorCodes.SnapshotNotAvailable or ErrorCodes.AclNotPossible or ErrorCodes.AclChanged
            => ErrorCategory.InvalidOperation,
        ErrorCodes.TempFolderUnusable or ErrorCodes.DiskFull or ErrorCodes.EngineMissing or ErrorCodes.JournalFailed => ErrorCategory.ResourceUnavailable,
        ErrorCodes.NameInUse => ErrorCategory.ResourceExists,
        ErrorCodes.LimitExceeded => ErrorCategory.LimitsExceeded,
        ErrorCodes.VerificationFailed => ErrorCategory.InvalidResult,
        ErrorCodes.OutcomeUnknown => ErrorCategory.OperationTimeout,
        ErrorCodes.FormatNotSupported => ErrorCategory.NotImplemented,
        ErrorCodes.DatabaseError or ErrorCodes.TraceUnreadable => ErrorCategory.ReadError,
        _ => ErrorCategory.NotSpecified,
    };

    // The trace says more than the message, and the next command says it in full.
    private static string Action(LoggerCmsException failure)
        => failure.TracePath is { } trace ? $"{failure.Remedy}{Environment.NewLine}Find-LoggerFault -LiteralPath '{trace.Replace("'", "''")}'" : failure.Remedy;

    private static string Where(LoggerCmsException failure)
        => (failure.Phase, failure.Side) switch
        {
            ({ } phase, { } side) => $"{phase}, side {side}: ",
            ({ } phase, null) => $"{phase}: ",
            (null, { } side) => $"Side {side}: ",
            _ => string.Empty,
        };
}
