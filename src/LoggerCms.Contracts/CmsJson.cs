using System.Text.Json;
using System.Text.Json.Serialization;

namespace LoggerCms;

/// <summary>How requests and answers stand on the wire: names as in the records, nulls left out, words for enumerations.</summary>
/// <remarks>
/// A property of a request that has a default is one to set, not to init: the generated reader sets every init property, also one that the
/// request does not have, and so would take the default away.
/// </remarks>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNamingPolicy = JsonKnownNamingPolicy.Unspecified,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    MaxDepth = 40)]
[JsonSerializable(typeof(CmsNodeInfo))]
[JsonSerializable(typeof(CmsCaller))]
[JsonSerializable(typeof(RunTimeImageInfo))]
[JsonSerializable(typeof(CmsObjectInfo))]
[JsonSerializable(typeof(CmsObjectPage))]
[JsonSerializable(typeof(CmsObjectRights))]
[JsonSerializable(typeof(CmsGroupName))]
[JsonSerializable(typeof(CmsChangeRequest))]
[JsonSerializable(typeof(CmsChangeAnswer))]
[JsonSerializable(typeof(CmsError))]
[JsonSerializable(typeof(CmsQueryRequest))]
[JsonSerializable(typeof(CmsQueryPage))]
[JsonSerializable(typeof(CmsAuditQuery))]
[JsonSerializable(typeof(CmsAuditPage))]
[JsonSerializable(typeof(IReadOnlyList<CmsAuditEvent>))]
[JsonSerializable(typeof(CmsReconcileRequest))]
[JsonSerializable(typeof(DeltaReconcileResult))]
[JsonSerializable(typeof(CmsRightQuestion))]
[JsonSerializable(typeof(CmsRightDecision))]
[JsonSerializable(typeof(IReadOnlyList<CmsRightEntry>))]
[JsonSerializable(typeof(IReadOnlyList<CmsToken>))]
[JsonSerializable(typeof(CmsTokenRequest))]
[JsonSerializable(typeof(CmsIssuedToken))]
[JsonSerializable(typeof(CmsBackupRequest))]
[JsonSerializable(typeof(CmsBackupInfo))]
[JsonSerializable(typeof(CmsLogon))]
[JsonSerializable(typeof(CmsPassword))]
public sealed partial class CmsJson : JsonSerializerContext;
