using System.Collections.Concurrent;
using System.Text;

namespace LoggerCms.Databases.SqlServer;

/// <summary>Encodings that refuse what they cannot hold, where the server would write a question mark.</summary>
internal static class SqlServerCodePages
{
    private static readonly ConcurrentDictionary<int, Encoding> Encodings = new();

    /// <summary>The encoding of a code page; ASCII for one that is not known here, so that nothing is claimed of it.</summary>
    public static Encoding Get(int codePage) => Encodings.GetOrAdd(codePage, Make);

    private static Encoding Make(int codePage)
    {
        if (codePage == 65001)
            return new UTF8Encoding(false, throwOnInvalidBytes: true);
        return CodePagesEncodingProvider.Instance.GetEncoding(codePage, EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback)
            ?? Encoding.GetEncoding("us-ascii", EncoderFallback.ExceptionFallback, DecoderFallback.ExceptionFallback);
    }
}
