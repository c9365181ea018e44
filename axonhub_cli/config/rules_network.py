"""The file of certificate authorities that a channel trusts as well: is it one?

The command line asks when the name is saved, `axonhub config check` whenever it is called. Loading
the configuration does not: a file that went away is the trouble of one channel, not of all.
"""

from __future__ import annotations

import os


def check_ca_path(path: str) -> str | None:
    """What is wrong with the name alone."""
    if "\0" in path:
        return f"{path!r} is no name of a file"
    # Not pathlib's: the home of somebody unknown is no whole path either, and raises there.
    if os.path.isabs(os.path.expanduser(path)):
        return None
    return f"{path!r} is not a whole path: the daemon may run in another folder"


def check_ca_file(path: str) -> str | None:
    """What is wrong with the file; None when there are certificates in it."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(os.path.expanduser(path))
    except ssl.SSLError:
        return f"{path} is not a PEM file of certificates (-----BEGIN CERTIFICATE-----)"
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    if not context.cert_store_stats()["x509"]:
        return f"there is no certificate in {path}"
    return None
