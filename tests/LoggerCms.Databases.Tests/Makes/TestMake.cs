namespace LoggerCms.Databases.Tests.Makes;

/// <summary>What the contract suite needs to know of a make: its driver, its dialect and where its server is.</summary>
public abstract class TestMake
{
    public abstract SideProvider Provider { get; }

    public abstract ISideDriver Driver { get; }

    /// <summary>Why the suite cannot run here, or null.</summary>
    public abstract string? Missing { get; }

    /// <summary>False where NUL cannot stand in text.</summary>
    public abstract bool TextHoldsNul { get; }

    /// <summary>False where a blank at the end does not tell two texts apart.</summary>
    public virtual bool BlankAtTheEndCounts => true;

    /// <summary>False where text sorts in another order than its UTF-8 bytes under every collation.</summary>
    public virtual bool TextKeysAreOrderable => true;

    /// <summary>False where the database's double cannot be NaN or infinite.</summary>
    public abstract bool DoubleHoldsNonFinite { get; }

    public abstract Task<TestDatabase> CreateDatabaseAsync();

    public abstract string Quote(string name);

    /// <summary>The declared type for a logical kind; null where the make has none.</summary>
    public abstract string? TypeOf(LogicalKind kind);

    /// <summary>A text type that can be a key and sorts and compares by its bytes.</summary>
    public abstract string KeyText { get; }

    /// <summary>Statements that come before a table with <see cref="LooseText"/>.</summary>
    public virtual string[] LooseTextSetup => [];

    /// <summary>A text type that can be a key and under which 'abc' equals 'ABC'.</summary>
    public abstract string LooseText { get; }

    /// <summary>What follows an integer type to make it a column whose values the database gives.</summary>
    public abstract string IdentityKey { get; }

    public virtual string RenameTable(string from, string to) => $"ALTER TABLE {from} RENAME TO {to}";

    /// <summary>A stored generated column: <c>name definition</c> for twice the column <c>v</c>.</summary>
    public abstract string GeneratedTwiceV(string name);

    /// <summary>A binary literal.</summary>
    public abstract string Binary(string hex);

    /// <summary>A text literal of any characters.</summary>
    public virtual string Text(string value) => "'" + value.Replace("'", "''", StringComparison.Ordinal) + "'";

    /// <summary>An expression of <paramref name="megabytes"/> times 10^6 bytes of binary.</summary>
    public abstract string LargeBinary(int megabytes);

    /// <summary>A trigger that writes into table <c>fired</c> (one integer column) on each insert, update and delete of <paramref name="table"/>.</summary>
    public abstract string[] TriggerThatNotes(string table);

    /// <summary>Begins a write transaction on a plain connection and makes it hold its lock.</summary>
    public virtual string BeginWrite => "BEGIN";

    /// <summary>A statement under a savepoint of its own, to which it is then rolled back or not.</summary>
    public virtual string[] InSavepoint(string statement, bool keep) => ["SAVEPOINT s", statement, $"{(keep ? "RELEASE" : "ROLLBACK TO")} s"];

    /// <summary>Makes a plain connection give up on locks at once instead of waiting.</summary>
    public abstract string ImpatientSession { get; }

    /// <summary>Decimals that the make's type holds exactly, no two of them the same.</summary>
    public abstract string[] Decimals { get; }

    /// <summary>
    /// False for a value that no column of this kind, of whatever make, can hold: rows arrive from columns of the same kind,
    /// and where a database converts what is stored, such a value never was there.
    /// </summary>
    public virtual bool CanArrive(LogicalKind kind, object value) => true;

    public virtual string[] StoredCasesSetup => [];

    /// <summary>What the database stores from a literal, and how that reads in canonical form (null where only keeping it matters).</summary>
    public abstract (string Declared, string Literal, string? Expected)[] StoredCases { get; }

    /// <summary>Inserts <paramref name="count"/> rows with ids from 1 into <c>table(id, v)</c> where v is text made from the id.</summary>
    public abstract string FillIdAndText(string table, int count);

    /// <summary>Why the server itself cannot name a table so, or null.</summary>
    public virtual Task<string?> RefusesNameAsync(string name) => Task.FromResult<string?>(null);
}
