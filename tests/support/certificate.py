"""Certificates made by openssl; tests are skipped without it."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest


def make_signed(folder: Path, host: str = "localhost") -> tuple[Path, ssl.SSLContext]:
    """The certificate of an authority that nobody knows, and what a server signed by it needs."""
    authority, own_key = make_certificate(folder)
    authority, own_key = authority.rename(folder / "ca.pem"), own_key.rename(folder / "ca-key.pem")
    make_certificate(folder, "-CA", str(authority), "-CAkey", str(own_key), host=host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return authority, context


def make_certificate(folder: Path, *options: str, host: str = "localhost") -> tuple[Path, Path]:
    """Certificate and key; self-signed unless the options say otherwise."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-days", "2"]
        + ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        + ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"]
        + ["-keyout", str(key), "-out", str(cert), *options],
        check=True,
        capture_output=True,
    )
    return cert, key
