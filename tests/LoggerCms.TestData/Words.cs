using System.Globalization;
using System.Text;

namespace LoggerCms.TestData;

/// <summary>Text of about a given length, as administrators write it; one row in eight has letters outside of ASCII.</summary>
internal static class Words
{
    private static readonly string[] Plain =
        ("agent team queue skill group call type route label trunk service script peripheral target dialed number enterprise default priority " +
         "night holiday overflow transfer consult outbound inbound primary secondary backup regional central north south east west branch " +
         "support billing sales claims orders returns credit account member gold silver platinum standard temporary migrated from the old system " +
         "see ticket approved by change board until further notice do not remove without asking first used for testing only active since launch")
        .Split(' ');

    private static readonly string[] Accented = ["Zürich", "Köln", "São Paulo", "Łódź", "Ærø", "naïve", "東京", "Αθήνα", "Київ", "📞"];

    public static string Pick(ref RowRandom random) => Plain[random.Below(Plain.Length)];

    public static string Sentence(ref RowRandom random, int length)
    {
        var text = new StringBuilder(length + 16);
        if (random.Below(8) == 0)
            text.Append(Accented[random.Below(Accented.Length)]);
        while (text.Length < length)
        {
            if (text.Length > 0)
                text.Append(' ');
            text.Append(Plain[random.Below(Plain.Length)]);
        }

        return text.ToString();
    }

    public static string Settings(ref RowRandom random, int length)
    {
        var text = new StringBuilder(length + 16);
        while (text.Length < length)
        {
            text.Append(Plain[random.Below(Plain.Length)]).Append('.').Append(Plain[random.Below(Plain.Length)])
                .Append('=').Append(CultureInfo.InvariantCulture, $"{random.Below(100_000)};");
        }

        return text.ToString();
    }
}
