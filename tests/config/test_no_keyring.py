"""A machine without any keyring: no session bus, no desktop."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.config import children

SCRIPT = """
from axonhub_cli.config.keys import ensure_key
store = ConfigStore(find_paths(os.environ), os.environ)
report(lambda: ensure_key(store, os.environ))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have a keyring")
def test_a_clear_error_lists_the_choices_and_nothing_is_left_behind(tmp_path: Path) -> None:
    environ = {
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "DBUS_SESSION_BUS_ADDRESS": f"unix:path={tmp_path}/none",
        "AXONHUB_HOME": str(tmp_path / "home"),
    }
    code, complaint = children.run(SCRIPT, environ)
    assert code == 1
    assert complaint == (
        "error: no keyring is available here\n"
        "hint: give the token by --token-env NAME or --token-command CMD, or keep secrets in a "
        "0600 file beside the configuration: `axonhub config set secrets.backend file`\n"
    )
    assert [path.name for path in (tmp_path / "home").iterdir()] == [".config.toml.lock"]
    code, complaint = children.run(SCRIPT, {**environ, "AXONHUB_SECRETS_BACKEND": "file"})
    assert (code, complaint) == (0, "")
