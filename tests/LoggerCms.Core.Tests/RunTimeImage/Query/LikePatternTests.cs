using System.Text;
using LoggerCms.Core.RunTimeImage.Query;

namespace LoggerCms.Core.Tests.RunTimeImage.Query;

public sealed class LikePatternTests
{
    private const string Large = "\U00010400"; // 𐐀
    private const string Small = "\U00010428"; // 𐐨

    [Fact]
    public void Two_characters_are_alike_where_they_are_equal()
    {
        // All with those that some mapping takes them to: the long s, the Kelvin sign, the dotless i are among them.
        foreach (var rune in Enumerable.Range(1, 0x10FFFF).Where(Rune.IsValid).Select(i => new Rune(i)).Where(rune => rune.Value is not ('%' or '_' or '[')))
        {
            var text = rune.ToString();
            var (upper, lower) = (Rune.ToUpperInvariant(rune), Rune.ToLowerInvariant(rune));
            Rune[] others = upper == rune && lower == rune ? [new Rune('S')] : [upper, lower, new Rune('S'), new Rune('k'), new Rune('i')];
            foreach (var other in others)
            {
                var isEqual = string.Equals(text, other.ToString(), StringComparison.OrdinalIgnoreCase);
                Assert.True(isEqual == new LikePattern(text, null).Matches(other.ToString()), $"U+{rune.Value:X4} and U+{other.Value:X4}");
            }
        }
    }

    [Theory]
    [InlineData($"a{Large}b", $"A{Small}B", true)]
    [InlineData($"%{Large}", $"{Large}{Large}{Small}", true)]
    [InlineData("_", Large, true)]
    [InlineData("__", Large, false)]
    [InlineData("a_b", $"a{Large}b", true)]
    [InlineData($"[{Large}]", Small, true)]
    [InlineData($"[x{Large}-\U00010402z]", "\U00010429", true)]
    [InlineData($"[x{Large}-\U00010402z]", "\U0001042B", false)]
    [InlineData($"[^{Large}]", Small, false)]
    [InlineData("[^a]", Large, true)]
    [InlineData("[a-c]x", "Bx", true)]
    [InlineData("[A-c-]", "-", true)]
    [InlineData("%\uDC00", Large, false)] // half of it is not in it
    [InlineData("[]", "[]", true)]
    [InlineData("!_", "_", true)]
    [InlineData("!_", "a", false)]
    public void A_character_beyond_the_first_plane_is_one(string pattern, string text, bool matches)
        => Assert.Equal(matches, new LikePattern(pattern, '!').Matches(text));
}
