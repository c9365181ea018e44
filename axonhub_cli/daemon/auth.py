"""Who is calling: a client by a key, from any of the headers that clients put credentials in; the
command line by having read the state file."""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from axonhub_cli.config.keys import hash_key
from axonhub_cli.config.schema import Config, Key, Profile
from axonhub_cli.daemon.shield import Scope
from axonhub_cli.daemon.state import CHALLENGE_HEADER, PROOF_HEADER, request_proof
from axonhub_cli.errors import ClientError
from axonhub_cli.proxy.headers import CREDENTIALS
from axonhub_cli.proxy.reply import HeaderList

_SCHEMES = ("bearer ", "token ", "api-key ")
PROFILE_HEADER = b"ah-profile"


def authenticate(headers: HeaderList, keys: Mapping[str, Key]) -> Key:
    """The key of the request; `keys` are by hash.

    Clients may show several credentials at once (their own beside ours): the one beginning
    `ah-` counts, wherever it stands. Raises `ClientError`.
    """
    shown = [
        credential
        for name, value in headers
        # Clients that are told to have no key of their own send an empty one.
        if name in CREDENTIALS and (credential := _bare(value.decode("latin-1")))
    ]
    ours = [credential for credential in shown if credential.startswith("ah-")]
    for credential in ours or shown:
        found = _find(hash_key(credential), keys)
        if found is not None:
            return _enabled(found)
    if not shown:
        raise ClientError(
            "authentication", "no key was sent", hint="eval $(axonhub env), then start the client"
        )
    raise ClientError(
        "authentication",
        "this key is not one of axonhub's" if ours else "the credential sent is no axonhub key",
        hint="eval $(axonhub env) sets the right one; axonhub key list shows what there is",
    )


def choose_profile(headers: HeaderList, key: Key, config: Config) -> Profile | None:
    """The key's active profile, or the one of its profiles that `AH-Profile` names."""
    name = next((v.decode("latin-1") for n, v in headers if n == PROFILE_HEADER), None)
    if name is None:
        return config.profile(key.active_profile) if key.active_profile is not None else None
    if name not in key.profiles:
        raise ClientError(
            "permission",
            f"the key {key.name!r} may not use the profile {name!r}",
            hint=f"axonhub key bind {key.name} {name}",
        )
    return config.profile(name)


def shown_challenge(scope: Scope, secret: str) -> str | None:
    """The caller's challenge, if it has proved that it knows the secret of the state file."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    challenge = headers.get(CHALLENGE_HEADER.lower().encode(), "")
    shown = headers.get(PROOF_HEADER.lower().encode(), "")
    query = scope["query_string"].decode("latin-1")
    target = f"{scope['path']}?{query}" if query else scope["path"]
    expected = request_proof(secret, target, challenge, scope["method"])
    return challenge if hmac.compare_digest(shown.encode(), expected.encode()) else None


def _bare(value: str) -> str:
    lowered = value.lower()
    for scheme in _SCHEMES:
        if lowered.startswith(scheme):
            return value[len(scheme) :].strip()
    return value.strip()


def _find(digest: str, keys: Mapping[str, Key]) -> Key | None:
    key = keys.get(digest)
    # The lookup finds by equal hash; the comparison is what leaks no timing.
    return key if key is not None and hmac.compare_digest(key.hash, digest) else None


def _enabled(key: Key) -> Key:
    if key.enabled:
        return key
    raise ClientError(
        "permission", f"the key {key.name!r} is disabled", hint=f"axonhub key enable {key.name}"
    )
