using System.Management.Automation;

namespace LoggerCms.PowerShell.Objects;

/// <summary>What a user looks for by name, with wildcards or without, and which of the names that are written out nothing has had so far.</summary>
internal sealed class Sought
{
    private readonly IReadOnlyList<WildcardPattern> _patterns;
    private readonly List<(string Name, WildcardPattern Pattern)> _unmet;

    /// <exception cref="LoggerCmsException">InvalidOption: one of them is no pattern.</exception>
    public Sought(IReadOnlyList<string> texts)
    {
        _patterns = [.. texts.Select(Wildcards.Of)];
        _unmet = [.. texts.Zip(_patterns).Where(one => !WildcardPattern.ContainsWildcardCharacters(one.First)).Select(one => (WildcardPattern.Unescape(one.First), one.Second))];
    }

    /// <summary>Tells of a name that there is, whether or not the rest of it is what the user looks for.</summary>
    public void Saw(string name) => _unmet.RemoveAll(one => one.Pattern.IsMatch(name));

    /// <inheritdoc cref="Wildcards.Match"/>
    public bool Match(string name) => Wildcards.Match(_patterns, name);

    /// <summary>The names that nothing had; each is given once.</summary>
    public IReadOnlyList<string> TakeUnmet()
    {
        string[] names = [.. _unmet.Select(one => one.Name)];
        _unmet.Clear();
        return names;
    }
}
