namespace LoggerCms.Core.RunTimeImage.Query;

/// <summary>
/// A LIKE pattern: <c>%</c> any run of characters, <c>_</c> one, <c>[a-f]</c> and <c>[^a-f]</c> one of a set; what follows the escape character,
/// and <c>[%]</c>, is itself. Case does not matter. Matching goes back to the last <c>%</c> only, so that it takes at most pattern times text steps.
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
                _parts.Add(Part.One(pattern[++at]));
            }
            else if (c == '%')
            {
                if (_parts.Count == 0 || !_parts[^1].IsRun)
                    _parts.Add(new Part(true, false, null, '\0'));
            }
            else if (c == '[' && pattern.IndexOf(']', at + 1) is var end && end > at + 1)
            {
                var set = pattern[(at + 1)..end];
                _parts.Add(set.Length > 1 && (set[0] is '^' or '!') ? new Part(false, true, set[1..], '\0') : new Part(false, false, set, '\0'));
                at = end;
            }
            else
            {
                _parts.Add(c == '_' ? new Part(false, true, "", '\0') : Part.One(c));
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

            if (part < _parts.Count && _parts[part].IsRun)
            {
                run = part++;
                resume = at;
            }
            else if (part < _parts.Count && _parts[part].Matches(text[at]))
            {
                part++;
                at++;
            }
            else if (run >= 0)
            {
                part = run + 1;
                at = ++resume;
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

    /// <param name="IsRun">Any run of characters.</param>
    /// <param name="IsNegated">Any character that is not in the set.</param>
    /// <param name="Set">Characters and ranges; null for the one character.</param>
    /// <param name="Upper">The one character in upper case.</param>
    private readonly record struct Part(bool IsRun, bool IsNegated, string? Set, char Upper)
    {
        public int Steps => 1 + ((Set?.Length ?? 0) / 4);

        public static Part One(char c) => new(false, false, null, char.ToUpperInvariant(c));

        public bool Matches(char c)
        {
            c = char.ToUpperInvariant(c);
            if (Set is null)
                return c == Upper;
            for (var i = 0; i < Set.Length; i++)
            {
                var isRange = i + 2 < Set.Length && Set[i + 1] == '-';
                var low = char.ToUpperInvariant(Set[i]);
                var high = isRange ? char.ToUpperInvariant(Set[i + 2]) : low;
                if (c >= low && c <= high)
                    return !IsNegated;
                i += isRange ? 2 : 0;
            }

            return IsNegated;
        }
    }
}
