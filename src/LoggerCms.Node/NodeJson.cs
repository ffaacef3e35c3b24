using System.Text.Json.Serialization;

namespace LoggerCms.Node;

/// <summary>The files that only a node reads.</summary>
[JsonSerializable(typeof(NodeIdentity.NodeIdFile))]
internal sealed partial class NodeJson : JsonSerializerContext;
