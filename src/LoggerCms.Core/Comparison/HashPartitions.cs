namespace LoggerCms.Core.Comparison;

/// <summary>
/// Records of one fixed length that begin with a hash, parted by the hash's first byte. Small sets stay in memory, large ones go to a temporary file.
/// </summary>
internal sealed class HashPartitions(int recordSize) : IDisposable
{
    public const int Count = 256;

    private const int RecordsAtFirst = 16;
    private readonly int _chunkSize = 32 * 1024 / recordSize * recordSize;
    private readonly Partition[] _partitions = new Partition[Count];
    private FileStream? _file;

    public void Add(ReadOnlySpan<byte> record)
    {
        ref var partition = ref _partitions[record[0]];
        if (partition.Buffer is null)
        {
            partition.Buffer = new byte[recordSize * RecordsAtFirst];
            partition.Chunks = [];
        }
        else if (partition.Used == _chunkSize)
        {
            Spill(ref partition);
        }
        else if (partition.Used == partition.Buffer.Length)
        {
            Array.Resize(ref partition.Buffer, Math.Min(_chunkSize, partition.Used * 2));
        }

        record.CopyTo(partition.Buffer.AsSpan(partition.Used));
        partition.Used += recordSize;
        partition.Records++;
    }

    public long Records(int partition) => _partitions[partition].Records;

    /// <summary>The records of a partition, back to back in blocks; a block is valid until the next one.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Read(int index)
    {
        var partition = _partitions[index];
        if (partition.Buffer is null)
            yield break;
        if (partition.Chunks.Count > 0)
        {
            var block = new byte[_chunkSize];
            foreach (var offset in partition.Chunks)
            {
                ReadChunk(block, offset);
                yield return block;
            }
        }

        yield return partition.Buffer.AsMemory(0, partition.Used);
    }

    public void Dispose()
    {
        _file?.Dispose();
        Array.Clear(_partitions);
    }

    private void Spill(ref Partition partition)
    {
        try
        {
            _file ??= ScratchFile.Create();
            partition.Chunks.Add(_file.Position);
            _file.Write(partition.Buffer, 0, partition.Used);
        }
        catch (IOException e)
        {
            throw ScratchFile.Failure(e);
        }

        partition.Used = 0;
    }

    private void ReadChunk(byte[] block, long offset)
    {
        try
        {
            _file!.Position = offset;
            _file.ReadExactly(block);
        }
        catch (IOException e)
        {
            throw ScratchFile.Failure(e);
        }
    }

    private struct Partition
    {
        public byte[] Buffer;
        public List<long> Chunks;
        public int Used;
        public long Records;
    }
}
