namespace LoggerCms.Core.RunTimeImage;

/// <summary>The type of a value in a property bag. The numbers are the tags of the encoded form and never change their meaning.</summary>
internal enum PropertyType : byte
{
    /// <summary>No value: what a lookup of a name that is not there gives. Never encoded.</summary>
    None = 0,
    String = 1,

    /// <summary>A signed 64-bit integer.</summary>
    Integer = 2,

    /// <summary>All 128 bits of a <see cref="decimal"/>: 1.0 and 1.00 are different values.</summary>
    Decimal = 3,

    /// <summary>All 64 bits: the sign of zero and the payload of a NaN are kept.</summary>
    Double = 4,
    Boolean = 5,

    /// <summary>A moment to 100 ns with its offset in minutes.</summary>
    Date = 6,
    Guid = 7,
    Binary = 8,

    /// <summary>Values of any types but List and Bag.</summary>
    List = 9,
    Bag = 10,
}
