from __future__ import annotations

from axonhub_cli.ir.response import Response, Usage


def test_what_nobody_said_is_unknown_not_zero() -> None:
    assert Response().usage == Usage()
    assert set(Usage().__struct_fields__) >= {"input", "cache_read", "output", "reasoning"}
    assert Usage().output is None
