using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using LoggerCms.Node;

namespace LoggerCms.Client.Tests;

/// <summary>The figures of a node in this process, as a listener gets them that nobody asked a page for.</summary>
public sealed class MetricsTests
{
    [Fact]
    public async Task A_listener_has_every_figure_from_the_start_on()
    {
        var values = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == NodeMetrics.MeterName)
                    listener.EnableMeasurementEvents(instrument);
            },
        };

        // Other tests of this assembly may have a node too: the highest counts.
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => values.AddOrUpdate(instrument.Name, value, (_, other) => Math.Max(value, other)));
        listener.Start();
        await using var node = new TestNode();
        await node.InitializeAsync();
        using var client = await node.ConnectAsync();
        await client.ChangeAsync(Change.Create("counted"), TestContext.Current.CancellationToken);

        listener.RecordObservableInstruments();

        Assert.Equal(15, values.Count);
        Assert.Equal((1, 0), (values["loggercms_node_ready"], values["loggercms_audit_failure"]));
        Assert.True(values["loggercms_objects"] > 20);
        Assert.True(values["loggercms_writes_total"] > 0);
        Assert.True(values["loggercms_delta_files"] > 0);
    }
}
