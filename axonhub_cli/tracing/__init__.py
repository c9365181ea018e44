"""What went through: a thread has traces, a trace has requests, a request has attempts.

    request path ──(assigns)──▶ recorder ──queue──▶ writer thread ──▶ store ──▶ traces.db
    CLI, console ◀── session ◀── queries ◀──────────── read-only ──────────────────┘

The request path never parses, hashes, compresses or touches the file: it hands over what it holds.
"""
