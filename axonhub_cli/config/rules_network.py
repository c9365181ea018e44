"""What lies on the way to an address: can it be read, and which certificate authorities count?

The command line looks into a file of authorities when its name is saved, `axonhub config check`
whenever it is called. Loading the configuration does not: a file that went away is the trouble of
one channel, not of all.
"""

from __future__ import annotations

import os
import re

_PLAIN = re.compile(r"\w+://[A-Za-z0-9._-]+(?::[1-9]\d{0,3})?(?:[/?#]|$)", re.ASCII)


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


def has_place(url: str) -> bool:
    """Can host and port be read? `http://[::1` and `http://h:99999` have none."""
    if _PLAIN.match(url):
        return True
    # `axonhub env` has no time for this import at every shell's start.
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        return parts.port != 0 and bool(parts.hostname)
    except ValueError:
        return False
