using System.Globalization;

namespace TwoSides;

/// <summary>Lines in the form of the Logger's own process trace, on the screen and in a file.</summary>
internal sealed class Trace(string path) : IDisposable
{
    private readonly StreamWriter _file = new(path) { AutoFlush = true };

    public void Write(string text) => Write(DateTimeOffset.Now, "Trace: " + text);

    /// <summary>What an operator should see: a line without the word Trace.</summary>
    public void Announce(string text) => Write(DateTimeOffset.Now, text);

    public void Write(DateTimeOffset at, string text)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{at:HH:mm:ss} {text}");
        Console.WriteLine(line);
        _file.WriteLine(line);
    }

    public void Dispose() => _file.Dispose();
}
