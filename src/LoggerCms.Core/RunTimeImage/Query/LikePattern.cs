namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>
/// A LIKE pattern: <c>%</c> any run of characters, <c>_</c> one, <c>[a-f]</c> and <c>[^a-f]</c> one of a set; what follows the escape character,
/// and <c>[%]</c>, is itself. A character is a Unicode scalar value, and case matters as little as in <c>=</c>. Matching goes back to the last <c>%</c> only,
/// so that it takes at most pattern times text steps.
/// </summary>
internal sealed class LikePattern
{
    private const int StepsTogether = 4096;

    private readonly List<Part> _parts = [];

    /// <param name="pattern">The pattern.</param>
    /// <param name="escape">The escape character; null for none.</param>
    public LikePattern(string pattern, char? escape)
    {
        for (var at = 0; at < pattern.Length; at++)
        {
            var c = pattern[at];
            if (c == escape && at + 1 < pattern.Length)
            {
                at++;
                AddOne();
            }
            else if (c == '%')
            {
                if (_parts.Count == 0 || !_parts[^1].IsRun)
                    _parts.Add(Part.Run);
            }
            else if (c == '[' && pattern.IndexOf(']', at + 1) is var end && end > at + 1)
            {
                var set = pattern[(at + 1)..end];
                _parts.Add(set.Length > 1 && (set[0] is '^' or '!') ? Part.NoneOf(set[1..]) : Part.OneOf(set));
                at = end;
            }
            else if (c == '_')
            {
                _parts.Add(Part.NoneOf(""));
            }
            else
            {
                AddOne();
            }

            void AddOne()
            {
                var one = First(pattern.AsSpan(at)).ToString();
                _parts.Add(new Part(false, false, [(one, one)]));
                at += one.Length - 1;
            }
        }
    }

    /// <param name="text">The text.</param>
    /// <param name="work">What the steps count towards; null for none.</param>
    public bool Matches(ReadOnlySpan<char> text, QueryWork? work = null)
    {
        int part = 0, at = 0, run = -1, resume = 0, steps = 0;
        while (at < text.Length)
        {
            steps += part < _parts.Count ? _parts[part].Steps : 1;
            if (steps >= StepsTogether)
            {
                work?.Spend(steps);
                steps = 0;
            }

            var one = First(text[at..]);
            if (part < _parts.Count && _parts[part].IsRun)
            {
                run = part++;
                resume = at;
            }
            else if (part < _parts.Count && _parts[part].Matches(one))
            {
                part++;
                at += one.Length;
            }
            else if (run >= 0)
            {
                part = run + 1;
                resume += First(text[resume..]).Length;
                at = resume;
            }
            else
            {
                return false;
            }
        }

        work?.Spend(steps);
        while (part < _parts.Count && _parts[part].IsRun)
            part++;
        return part == _parts.Count;
    }

    /// <summary>The first character, which may take two places; half a surrogate pair is one too.</summary>
    private static ReadOnlySpan<char> First(ReadOnlySpan<char> text)
        => text[..(text.Length > 1 && char.IsSurrogatePair(text[0], text[1]) ? 2 : 1)];

    /// <param name="IsRun">Any run of characters.</param>
    /// <param name="IsNegated">Any character that is in none of the ranges.</param>
    /// <param name="Ranges">From one character to another.</param>
    private sealed record Part(bool IsRun, bool IsNegated, (string Low, string High)[] Ranges)
    {
        public static readonly Part Run = new(true, false, []);

        public int Steps => 1 + (Ranges.Length / 2);

        public static Part OneOf(string set) => new(false, false, RangesOf(set));

        public static Part NoneOf(string set) => new(false, true, RangesOf(set));

        public bool Matches(ReadOnlySpan<char> one)
        {
            foreach (var (low, high) in Ranges)
            {
                if (Compare(one, low) >= 0 && Compare(one, high) <= 0)
                    return !IsNegated;
            }

            return IsNegated;
        }

        // Most characters are in ASCII, where this is what the other way says.
        private static int Compare(ReadOnlySpan<char> one, string other) => one[0] < 0x80 && other[0] < 0x80
            ? char.ToUpperInvariant(one[0]) - char.ToUpperInvariant(other[0])
            : one.CompareTo(other, StringComparison.OrdinalIgnoreCase);

        private static (string Low, string High)[] RangesOf(string set)
        {
            List<(string, string)> ranges = [];
            for (var at = 0; at < set.Length;)
            {
                var low = First(set.AsSpan(at)).ToString();
                at += low.Length;
                var high = low;
                if (at + 1 < set.Length && set[at] == '-')
                {
                    high = First(set.AsSpan(at + 1)).ToString();
                    at += 1 + high.Length;
                }

                ranges.Add((low, high));
            }

            return [.. ranges];
        }
    }
}
