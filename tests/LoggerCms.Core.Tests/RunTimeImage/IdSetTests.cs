using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Core.Tests.RunTimeImage;

public sealed class IdSetTests(ITestOutputHelper output)
{
    [Fact]
    public void ASetOfManyChunksHoldsWhatWasAddedAndNotRemoved()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        foreach (var ascending in new[] { true, false })
        {
            var set = new IdSet();
            var model = new SortedSet<long>();
            for (var step = 0; step < 20_000; step++)
            {
                var id = ascending && random.Next(10) > 0 ? step + 1 : random.Next(1, 5000);
                if (random.Next(3) == 0)
                {
                    set.Remove(id);
                    model.Remove(id);
                }
                else
                {
                    set.Add(id);
                    model.Add(id);
                }

                if (step % 1000 == 0)
                    Assert.Equal(model, set.Above());
            }

            Assert.Equal(model, set.Above());
            Assert.Equal(model.Count, set.Count);
            Assert.Equal(model.Where(id => id > 777), set.Above(777));
            foreach (var id in model.ToList())
                set.Remove(id);
            Assert.Empty(set.Above());
        }
    }
}
