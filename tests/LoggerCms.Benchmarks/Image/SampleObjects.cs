using LoggerCms.Core.RunTimeImage;

namespace LoggerCms.Benchmarks.Image;

/// <summary>Objects of about 570 bytes of data, a hundred in a folder; the same for the same number.</summary>
internal static class SampleObjects
{
    private static readonly string[] Kinds = [ObjectKinds.Webi, ObjectKinds.CrystalReport, ObjectKinds.Pdf, ObjectKinds.Excel];

    public static CmsObject Make(long number, long updateKey = 1, int version = 1)
    {
        var bag = new PropertyBagBuilder()
            .Set("SI_DESCRIPTION", $"Sales by region and quarter, report number {number}, as agreed with the regional managers and reviewed each month by controlling")
            .Set("SI_FILES", new PropertyBagBuilder().Set("SI_FILE1", $"frs://Input/a_{number % 256}/{number:D12}.rpt").Set("SI_SIZE", 10_000 + number).Build())
            .Set("SI_KEYWORD", "sales, region, quarter, controlling, monthly")
            .Set("SI_PRICE", number / 100m)
            .Set("SI_RATIO", number / 7.0)
            .Set("SI_INSTANCE", false)
            .Set("SI_STARTTIME", DateTimeOffset.UnixEpoch.AddSeconds(number))
            .Set("SI_GUID", new Guid((int)number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10))
            .Build();
        return new CmsObject
        {
            Id = 1000 + number,
            Cuid = $"Ab{number:D20}",
            Kind = number % 100 == 0 ? ObjectKinds.Folder : Kinds[number % 4],
            ParentId = number % 100 == 0 ? SystemObjects.RootFolder : 1000 + number - (number % 100),
            Name = $"Quarterly report {number}",
            OwnerId = SystemObjects.Administrator,
            Version = version,
            UpdateKey = updateKey,
            CreatedUs = 1_700_000_000_000_000 + number,
            ModifiedUs = 1_700_000_000_000_000 + number,
            Properties = bag.Encode(),
        };
    }

    /// <summary>The bytes of its data as a row holds them: text as UTF-8, 8 bytes a number.</summary>
    public static long RawBytes(CmsObject one) => one.Cuid.Length + one.Kind.Length + one.Name.Length + one.Properties.Length + one.AccessList.Length + (7 * 8);
}
