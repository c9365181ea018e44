"""`NODE_EXTRA_CA_CERTS`: the daemon's own certificate beside those the user's network needs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

VARIABLE = "NODE_EXTRA_CA_CERTS"


def trusted_file(cert: str, cache_dir: Path, environ: Mapping[str, str]) -> str:
    """The file for `NODE_EXTRA_CA_CERTS`, which names one file only.

    Where the user has one already (a company's proxy certificate), both are joined in a bundle of
    ours: the client would else lose every other connection.
    """
    theirs = environ.get(VARIABLE, "")
    bundle = cache_dir / "trusted.pem"
    if theirs in ("", cert, str(bundle)):
        return theirs or cert
    try:
        joined = Path(theirs).read_bytes().rstrip() + b"\n" + Path(cert).read_bytes()
        _write(bundle, joined)
    except OSError:
        return cert
    return str(bundle)


def _write(bundle: Path, content: bytes) -> None:
    if bundle.exists() and bundle.read_bytes() == content:
        return
    bundle.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = bundle.with_name(f"{bundle.name}.{os.getpid()}")
    draft.write_bytes(content)
    draft.replace(bundle)
