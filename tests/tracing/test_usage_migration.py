import sqlite3

from axonhub_cli.tracing.schema import m001_first_tables, migrate

AT = 1_795_500_000.0


def test_what_the_file_holds_already_is_summed_up() -> None:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY, applied_at TEXT)")
    m001_first_tables(db)
    db.execute("INSERT INTO migrations VALUES ('m001_first_tables', '')")
    db.execute(
        """INSERT INTO traces VALUES
        (1, 't', NULL, NULL, NULL, 0, 0, 0, 'completed', 3, '[]', '[]', 0, 0, 0, 0, 0, NULL)"""
    )
    for number, status, operation, output, cost in (
        (1, "completed", "generate", 5, 0.25),
        (2, "completed", "generate", 6, None),
        (3, "failed", "generate", None, None),
        (4, "running", "generate", None, None),
        (5, "completed", "count_tokens", None, None),
    ):
        db.execute(
            """INSERT INTO requests (seq, id, trace, at, source, key, protocol, operation, model,
            stream, channel, upstream_model, status, output, cost_usd)
            VALUES (?, ?, 1, ?, 'api', 'k', 'anthropic', ?, 'm', 0, 'c', 'u', ?, ?, ?)""",
            (number, f"r{number}", AT, operation, status, output, cost),
        )
    migrate(db)
    found = db.execute(
        """SELECT key, channel, model, requests, served, failed, unpriced, output, cost_pico
        FROM usage"""
    ).fetchall()
    assert found == [("k", "c", "u", 3, 2, 1, 1, 11, 250_000_000_000)]
    assert db.execute("SELECT unpriced FROM traces").fetchall() == [(1,)]
    db.close()
