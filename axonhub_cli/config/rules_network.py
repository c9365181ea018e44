"""The file of certificate authorities that a channel trusts as well: is it one?

The command line asks when the name is saved, `axonhub config check` whenever it is called. Loading
the configuration does not: a file that went away is the trouble of one channel, not of all.
"""

from __future__ import annotations

from pathlib import Path


def check_ca_path(path: str) -> str | None:
    """What is wrong with the name alone."""
    if Path(path).expanduser().is_absolute():
        return None
    return f"{path!r} is not a whole path: the daemon may run in another folder"


def check_ca_file(path: str) -> str | None:
    """What is wrong with the file; None when there are certificates in it."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(Path(path).expanduser())
    except ssl.SSLError:
        return f"{path} is not a PEM file of certificates (-----BEGIN CERTIFICATE-----)"
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    if not context.cert_store_stats()["x509"]:
        return f"there is no certificate in {path}"
    return None
