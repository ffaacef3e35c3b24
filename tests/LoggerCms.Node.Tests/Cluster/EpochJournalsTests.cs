using LoggerCms.Core.Cluster;

namespace LoggerCms.Node.Tests.Cluster;

/// <summary>What is known of epochs for good, also by the next life.</summary>
public sealed class EpochJournalsTests
{
    [Theory]
    [InlineData(1, true)]
    [InlineData(1000, true)]
    [InlineData(1001, false)]
    public void What_lies_behind_a_record_that_was_kept_out_is_known_unless_very_many_were(int count, bool isKnown)
    {
        var journals = new EpochJournals();
        Guid[] keptOut = [.. Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7())];
        foreach (var id in keptOut)
            journals.AddKeptOut(id);
        journals.AddBroughtIn(3, 5000, 100, count);
        journals.Leave(keptOut);

        foreach (var known in (EpochJournals[])[journals, NextLifeOf(journals)])
        {
            Assert.Equal(isKnown, known.IsBroughtIn(3, 4000, Guid.CreateVersion7()));
            Assert.True(known.IsBroughtIn(3, 99, Guid.CreateVersion7()));
            Assert.False(known.IsBroughtIn(3, 100, keptOut[0]));
            Assert.Equal((5000, isKnown, false), (known.Decided(3), known.IsLeft(keptOut[0]), known.IsKeptOut(keptOut[0])));
        }
    }

    [Fact]
    public void What_was_left_and_brought_in_later_is_known()
    {
        var journals = new EpochJournals();
        var id = Guid.CreateVersion7();
        journals.AddKeptOut(id);
        journals.AddBroughtIn(3, 50, 10, 1);
        Assert.False(journals.IsBroughtIn(3, 10, id));
        journals.Leave([id]);
        Assert.False(NextLifeOf(journals).IsBroughtIn(3, 10, id));
        journals.ForgetLeft([id]);
        Assert.True(journals.IsBroughtIn(3, 10, id));
        Assert.Single(journals.TakeGone());
    }

    private static EpochJournals NextLifeOf(EpochJournals journals)
    {
        var next = new EpochJournals();
        var gone = journals.TakeGone().ToHashSet();
        foreach (var entry in journals.TakeNew().Where(entry => !gone.Contains(entry.Key)))
            Assert.True(next.Restore(entry));
        return next;
    }
}
