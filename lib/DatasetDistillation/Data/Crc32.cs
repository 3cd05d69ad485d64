namespace DatasetDistillation.Data;

/// <summary>CRC-32 as PNG and ZIP have it: polynomial 0xEDB88320, reflected, complemented.</summary>
internal static class Crc32
{
    private static readonly uint[] Table = MakeTable();

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
            crc = Table[(byte)crc ^ b] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint i = 0; i < table.Length; i++)
        {
            table[i] = i;
            for (int bit = 0; bit < 8; bit++)
                table[i] = (table[i] & 1) != 0 ? 0xEDB88320 ^ (table[i] >> 1) : table[i] >> 1;
        }
        return table;
    }
}
