namespace LoggerCms.Transfer.Tests.Support;

/// <summary>A schema with one table of each awkward kind, rows for it, and a second state that differs in every way a row can.</summary>
internal static class Data
{
    public static string[] Schema { get; } =
    [
        "CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, balance REAL, note TEXT, twice INTEGER GENERATED ALWAYS AS (id * 2) STORED)",
        "CREATE TABLE setting (section TEXT NOT NULL, name TEXT NOT NULL, value, PRIMARY KEY (section, name)) WITHOUT ROWID",
        "CREATE TABLE word (word TEXT NOT NULL COLLATE NOCASE PRIMARY KEY, meaning TEXT)",
        "CREATE TABLE entry (id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE ON UPDATE CASCADE, amount REAL)",
        "CREATE TABLE line (text TEXT, number REAL, data BLOB)",
        "CREATE TABLE \"it's a \"\"table\"\" 🗄\" (\"the 'key' 🔑\" TEXT NOT NULL PRIMARY KEY, \"select\" BLOB, \"a\"\"b\" INTEGER)",
    ];

    /// <summary>Doubles at the limits; the last ones are subnormal, the largest, and what SQLite's own text form loses.</summary>
    public static double[] Floats { get; } =
    [
        0.0, -0.0, 1.0, -1.0, 0.1, double.Epsilon, -double.Epsilon, double.MaxValue, double.MinValue, double.PositiveInfinity, double.NegativeInfinity,
        9007199254740993, 2.2250738585072014E-308, 2.2250738585072009E-308, 123456789.123456789, 1e23, 9.999999999999999e22,
    ];

    public static void Fill(SqliteFile file, int seed, int rows = 60)
    {
        var random = new Random(seed);
        using var connection = file.Open();
        using var transaction = connection.BeginTransaction();
        void Run(string statement, params (string, object?)[] parameters)
        {
            using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = statement;
            foreach (var (name, value) in parameters)
                command.Parameters.AddWithValue(name, value ?? DBNull.Value);
            command.ExecuteNonQuery();
        }

        for (var i = 1; i <= rows; i++)
        {
            Run("INSERT INTO account (id, name, balance, note) VALUES ($i, $n, $b, $t)", ("$i", i), ("$n", $"name {i}"), ("$b", Floats[random.Next(Floats.Length)]), ("$t", Text(random)));
            Run("INSERT INTO setting VALUES ($s, $n, $v)", ("$s", $"section {i % 7}"), ("$n", $"Ünïcode \0 {i}"), ("$v", Any(random)));
            Run("INSERT INTO word VALUES ($w, $m)", ("$w", $"word{i}"), ("$m", Text(random)));
            Run("INSERT INTO entry VALUES ($i, $a, $x)", ("$i", i), ("$a", random.Next(1, i + 1)), ("$x", random.NextDouble()));
            Run("INSERT INTO line VALUES ($t, $n, $d)", ("$t", Text(random)), ("$n", Floats[i % Floats.Length]), ("$d", Blob(random)));
            Run($"INSERT INTO {SqliteFile.Quote("it's a \"table\" 🗄")} VALUES ($k, $b, $i)", ("$k", $"🔑 '{i}\""), ("$b", Blob(random)), ("$i", random.NextInt64()));
        }

        Run("INSERT INTO line VALUES ('twin', 1.5, NULL), ('twin', 1.5, NULL), ('twin', 1.5, NULL), (NULL, NULL, NULL), (NULL, NULL, NULL)");
        transaction.Commit();
    }

    /// <summary>Makes a filled side differ: rows gone, come and changed, unique values swapped, keys in another case, another number of twins.</summary>
    public static void Damage(SqliteFile file) => file.Run(
        "PRAGMA foreign_keys = OFF",
        "UPDATE account SET name = CASE id WHEN 1 THEN 'name 2~' ELSE 'name 1~' END WHERE id IN (1, 2)",
        "UPDATE account SET name = rtrim(name, '~') WHERE id IN (1, 2)",
        "UPDATE account SET balance = -balance, note = note || 'x' WHERE id % 5 = 0",
        "DELETE FROM account WHERE id % 11 = 0",
        "INSERT INTO account (id, name, balance) VALUES (1000, 'only here', 9e99)",
        "DELETE FROM setting WHERE section = 'section 3'",
        "UPDATE setting SET value = zeroblob(3) WHERE section = 'section 4'",
        "INSERT INTO setting VALUES ('section 9', 'extra', 1)",
        "UPDATE word SET word = upper(word) WHERE word IN ('word3', 'word4')",
        "UPDATE word SET meaning = CAST(x'FFFE41' AS TEXT) WHERE word = 'word5'",
        "DELETE FROM entry WHERE id % 4 = 1",
        "UPDATE entry SET amount = amount * (1 + 1e-15) WHERE id % 4 = 2",
        "DELETE FROM line WHERE rowid = (SELECT max(rowid) FROM line WHERE text = 'twin')",
        "INSERT INTO line VALUES ('twin', 1.5, x''), (NULL, NULL, NULL)",
        "UPDATE \"it's a \"\"table\"\" 🗄\" SET \"select\" = \"a\"\"b\" WHERE \"a\"\"b\" % 3 = 0");

    private static object? Any(Random random) => random.Next(5) switch
    {
        0 => null,
        1 => random.NextInt64(),
        2 => Floats[random.Next(Floats.Length)],
        3 => Text(random),
        _ => Blob(random),
    };

    private static string? Text(Random random) => random.Next(6) switch
    {
        0 => null,
        1 => string.Empty,
        2 => "nul \0 inside \0",
        3 => "trailing  ",
        4 => "e\u0301 é 漢 🗝 \uFFFD",
        _ => new string('x', random.Next(2000)),
    };

    private static byte[] Blob(Random random)
    {
        var bytes = new byte[random.Next(5) == 0 ? 0 : random.Next(300)];
        random.NextBytes(bytes);
        return bytes;
    }
}
