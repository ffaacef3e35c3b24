using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using LoggerCms.Core.Cluster;

namespace LoggerCms.Node;

/// <summary>The node's figures: as instruments of <see cref="Meter"/> for a listener in the process, and as Prometheus text.</summary>
internal sealed class NodeMetrics : IDisposable
{
    public const string MeterName = "LoggerCms.Node";

    private readonly Meter _meter = new(MeterName);
    private readonly NodeAudit _audit;

    public NodeMetrics(CmsNode node, NodeAudit audit)
    {
        _audit = audit;
        foreach (var figure in Figures(node))
            _meter.CreateObservableGauge(figure.Name, () => Figures(node).First(f => f.Name == figure.Name).Value, description: figure.Help);
    }

    public string Render(CmsNode node)
    {
        var text = new StringBuilder();
        foreach (var (name, kind, help, value) in Figures(node))
        {
            text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n');
            text.Append("# TYPE ").Append(name).Append(' ').Append(kind).Append('\n');
            text.Append(name).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
        }

        return text.ToString();
    }

    public void Dispose() => _meter.Dispose();

    private List<Figure> Figures(CmsNode node)
    {
        const string gauge = "gauge";
        const string counter = "counter";
        var about = node.Describe();
        List<Figure> figures =
        [
            new("loggercms_node_ready", gauge, "1 when green, 0.5 when degraded, 0 otherwise.", about.Color == "Green" ? 1 : about.State == "Degraded" ? 0.5 : 0),
            new("loggercms_last_update_key", gauge, "The last update key that is visible.", about.LastUpdateKey),
            new("loggercms_flushed_update_key", gauge, "The last update key in the system database.", about.FlushedUpdateKey),
            new("loggercms_unflushed_entries", gauge, "Objects and entries not yet in the system database.", about.Unflushed),
            new("loggercms_unflushed_bytes", gauge, "Their bytes.", about.UnflushedBytes),
            new("loggercms_delta_files", gauge, "Delta files.", about.DeltaFiles),
            new("loggercms_delta_bytes", gauge, "Bytes of delta files.", about.DeltaBytes),
            new("loggercms_audit_queue_bytes", gauge, "Audit events that wait on disk.", _audit.State.Bytes),
            new("loggercms_audit_refused_total", counter, "Denials that the audit queue had no room for.", _audit.Refused),
        ];
        if (about.Epoch == 0)
            return figures;
        var statistics = node.Image.Statistics;
        figures.AddRange(
        [
            new("loggercms_objects", gauge, "Objects in the run time image.", statistics.Objects),
            new("loggercms_image_bytes", gauge, "Bytes of the run time image.", statistics.Bytes),
            new("loggercms_writes_total", counter, "Write requests made durable.", node.Sequencer.Writes),
            new("loggercms_flushes_total", counter, "Flushes to the system database.", node.Flusher.Flushes),
            new("loggercms_flush_failures_total", counter, "Flushes that failed.", node.Flusher.Failures),
        ]);
        return figures;
    }

    private sealed record Figure(string Name, string Kind, string Help, double Value);
}
