"""The migration that brings the table `usage`: never changed once released."""

from __future__ import annotations

import sqlite3

QUARTER_S = 900


def m003_usage(db: sqlite3.Connection) -> None:
    """Sums by quarter of an hour, with what the file holds already; it had no costs so far."""
    for statement in _STATEMENTS.split(";"):
        db.execute(statement)


_STATEMENTS = """
CREATE TABLE usage (
    quarter INTEGER NOT NULL,
    key TEXT NOT NULL,
    profile TEXT NOT NULL,
    channel TEXT NOT NULL,
    model TEXT NOT NULL,
    client TEXT NOT NULL,
    requests INTEGER NOT NULL,
    served INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    unpriced INTEGER NOT NULL,
    input INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    cost_pico INTEGER NOT NULL,
    PRIMARY KEY (quarter, key, profile, channel, model, client)
) WITHOUT ROWID;
ALTER TABLE traces ADD COLUMN unpriced INTEGER NOT NULL DEFAULT 0;
INSERT INTO usage
    SELECT CAST(at / 900 AS INTEGER), coalesce(key, ''), coalesce(profile, ''),
        coalesce(channel, ''), coalesce(upstream_model, model, ''), coalesce(client, ''),
        count(*), sum(status <> 'failed' OR output IS NOT NULL), sum(status <> 'completed'),
        sum(cost_usd IS NULL AND (status <> 'failed' OR output IS NOT NULL)),
        sum(coalesce(input, 0)), sum(coalesce(cache_read, 0)), sum(coalesce(cache_write, 0)),
        sum(coalesce(output, 0)), sum(coalesce(reasoning, 0)),
        sum(CAST(round(coalesce(cost_usd, 0) * 1e12) AS INTEGER))
    FROM requests
    WHERE source = 'api' AND operation = 'generate' AND status <> 'running'
    GROUP BY 1, 2, 3, 4, 5, 6;
UPDATE traces SET unpriced = (
    SELECT count(*) FROM requests
    WHERE trace = traces.seq AND operation = 'generate' AND cost_usd IS NULL
    AND (status NOT IN ('failed', 'running') OR output IS NOT NULL)
)
"""
