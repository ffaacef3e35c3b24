using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using LoggerCms.Core.Cluster;
using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Node;

/// <summary>The node's figures: as instruments of <see cref="MeterName"/> for a listener in the process, from its start on, and as Prometheus text.</summary>
internal sealed class NodeMetrics : IDisposable
{
    public const string MeterName = "LoggerCms.Node";

    private readonly Meter _meter = new(MeterName);
    private readonly IReadOnlyList<Figure> _figures;

    public NodeMetrics(CmsNode node, NodeAudit audit)
    {
        _figures =
        [
            Gauge("node_ready", "1 when green, 0.5 when degraded, 0 otherwise.", () => node.Describe() is var about && about.Color == "Green" ? 1 : about.State == nameof(NodeState.Degraded) ? 0.5 : 0),
            Gauge("last_update_key", "The last update key that is visible.", () => node.Describe().LastUpdateKey),
            Gauge("flushed_update_key", "The last update key in the system database.", () => node.Describe().FlushedUpdateKey),
            Gauge("unflushed_entries", "Objects and entries not yet in the system database.", () => node.Describe().Unflushed),
            Gauge("unflushed_bytes", "Their bytes.", () => node.Describe().UnflushedBytes),
            Gauge("delta_files", "Delta files.", () => node.Describe().DeltaFiles),
            Gauge("delta_bytes", "Bytes of delta files.", () => node.Describe().DeltaBytes),
            Gauge("audit_queue_bytes", "Audit events that wait on disk.", () => audit.State.Bytes),
            Gauge("audit_failure", "1 while the audit database cannot be used, 0 otherwise.", () => audit.State.Failure is null ? 0 : 1),
            Counter("audit_refused_total", "Logons, denials and reads that the audit queue had no room for.", () => audit.Refused),
            Gauge("objects", "Objects in the run time image.", () => Image(node)?.Statistics.Objects ?? 0),
            Gauge("image_bytes", "Bytes of the run time image.", () => Image(node)?.Statistics.Bytes ?? 0),
            Counter("writes_total", "Write requests made durable.", () => node.IsOpen ? node.Sequencer.Writes : 0),
            Counter("flushes_total", "Flushes to the system database.", () => node.IsOpen ? node.Flusher.Flushes : 0),
            Counter("flush_failures_total", "Flushes that failed.", () => node.IsOpen ? node.Flusher.Failures : 0),
        ];
    }

    public string Render()
    {
        var text = new StringBuilder();
        foreach (var (name, kind, help, value) in _figures)
        {
            text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n');
            text.Append("# TYPE ").Append(name).Append(' ').Append(kind).Append('\n');
            text.Append(name).Append(' ').Append(value().ToString(CultureInfo.InvariantCulture)).Append('\n');
        }

        return text.ToString();
    }

    public void Dispose() => _meter.Dispose();

    private static RunTimeImage? Image(CmsNode node) => node.IsOpen ? node.Image : null;

    private Figure Gauge(string name, string help, Func<double> value)
    {
        var full = "loggercms_" + name;
        _meter.CreateObservableGauge(full, value, description: help);
        return new Figure(full, "gauge", help, value);
    }

    private Figure Counter(string name, string help, Func<double> value)
    {
        var full = "loggercms_" + name;
        _meter.CreateObservableCounter(full, value, description: help);
        return new Figure(full, "counter", help, value);
    }

    private sealed record Figure(string Name, string Kind, string Help, Func<double> Value);
}
