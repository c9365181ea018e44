from __future__ import annotations

import pickle
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as NullKeyring

from axonhub_cli.config.paths import Paths, find_paths
from axonhub_cli.config.schema import Config
from axonhub_cli.config.schema import Secrets as SecretSettings
from axonhub_cli.config.secret_file import SecretFile
from axonhub_cli.config.secrets import Secret, SecretStore
from axonhub_cli.config.store import ConfigStore
from axonhub_cli.errors import SecretError
from tests.config import backends, children

TOKEN = "token-" + "x" * 20


@pytest.fixture
def backend() -> Iterator[None]:
    """Whatever keyring a test sets is gone after it."""
    before = keyring.get_keyring()
    backends.Memory.entries.clear()
    yield
    keyring.set_keyring(before)


def use(kind: Callable[[], KeyringBackend]) -> None:
    keyring.set_keyring(kind())


def in_keyring(paths: Paths, **options: float) -> SecretStore:
    config = Config(secrets=SecretSettings(backend="keyring", service="axonhub:test"))
    return SecretStore(paths, config, {}, **options)


def in_file(paths: Paths, **environ: str) -> SecretStore:
    return SecretStore(paths, Config(secrets=SecretSettings(backend="file")), environ)


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret(TOKEN)
    shown = f"{secret} {secret!r} {secret!s:>5} {[secret]} {secret.masked()}"
    assert TOKEN not in shown
    assert secret.reveal() == TOKEN
    assert secret == Secret(TOKEN)
    assert secret != Secret("other")
    assert secret != TOKEN
    assert len({secret, Secret(TOKEN)}) == 1
    with pytest.raises(TypeError, match="not to be written"):
        pickle.dumps(secret)


def test_a_masked_secret_shows_its_end_when_it_is_long() -> None:
    assert Secret("a" * 16 + "wxyz").masked() == "…wxyz"
    assert Secret("short-one").masked() == "…"


def test_a_kept_value_is_found_by_its_reference(paths: Paths) -> None:
    store = in_file(paths)
    ref = store.keep("channel/a", TOKEN, edit=None)
    assert ref.startswith("file:channel/a/")
    assert store.resolve(ref) == in_file(paths).resolve(ref) == Secret(TOKEN)


def test_every_stored_value_has_a_reference_of_its_own(paths: Paths) -> None:
    store = in_file(paths)
    refs = {store.keep("channel/a", TOKEN, edit=None) for _ in range(5)}
    assert len(refs) == 5


def test_a_forgotten_value_is_gone_but_still_known(paths: Paths) -> None:
    store = in_file(paths)
    ref = store.keep("channel/a", TOKEN, edit=None)
    store.forget(ref)
    store.forget(ref)
    with pytest.raises(SecretError, match=r"secrets\.toml holds no 'channel/a/"):
        store.resolve(ref)
    assert store.known_values() == [TOKEN]


def test_an_empty_value_is_refused(paths: Paths) -> None:
    with pytest.raises(SecretError, match="empty secret"):
        in_file(paths).keep("channel/a", " \n", edit=None)


def test_a_value_goes_again_when_the_edit_fails(paths: Paths, store: ConfigStore) -> None:
    secrets = in_file(paths)
    refs: list[str] = []
    with pytest.raises(KeyError), store.edit() as edit:
        refs.append(secrets.keep("channel/a", TOKEN, edit=edit))
        raise KeyError
    with pytest.raises(SecretError):
        secrets.resolve(refs[0])


def test_an_old_value_stays_until_the_edit_is_done(paths: Paths, store: ConfigStore) -> None:
    secrets = in_file(paths)
    ref = secrets.keep("channel/a", TOKEN, edit=None)
    with pytest.raises(KeyError), store.edit() as edit:
        secrets.forget(ref, edit=edit)
        raise KeyError
    assert in_file(paths).resolve(ref) == Secret(TOKEN)
    with store.edit() as edit:
        secrets.forget(ref, edit=edit)
    with pytest.raises(SecretError):
        secrets.resolve(ref)


def test_a_variable_is_read_and_a_missing_one_told(paths: Paths) -> None:
    store = in_file(paths, MY_TOKEN=f"{TOKEN}\n", EMPTY=" ")
    assert store.resolve("env:MY_TOKEN") == Secret(TOKEN)
    for name in ("EMPTY", "NONE"):
        with pytest.raises(SecretError, match=f"variable '{name}' is not set"):
            store.resolve(f"env:{name}")


@pytest.mark.skipif(sys.platform == "win32", reason="a command of a POSIX shell")
def test_a_command_runs_once_until_its_value_is_dropped(paths: Paths) -> None:
    paths.data_dir.mkdir(parents=True)
    count = paths.data_dir / "count"
    store = in_file(paths, PATH="/usr/bin:/bin", COUNT=str(count))
    ref = 'command:echo x >> "$COUNT"; wc -l < "$COUNT" | tr -d " "'
    assert [store.resolve(ref).reveal() for _ in range(3)] == ["1"] * 3
    store.invalidate(ref)
    assert store.resolve(ref).reveal() == "2"
    store.forget(ref)
    assert store.known_values() == ["1", "2"]


def test_what_is_no_reference_is_refused_and_not_told(paths: Paths) -> None:
    with pytest.raises(SecretError, match="not a reference") as caught:
        in_file(paths).resolve(TOKEN)
    assert TOKEN not in str(caught.value)


def test_a_new_configuration_shares_what_was_read(paths: Paths) -> None:
    old = in_file(paths)
    ref = old.keep("channel/a", TOKEN, edit=None)
    new = old.with_config(Config())
    paths.secrets_file.unlink()
    assert new.resolve(ref) == Secret(TOKEN)
    assert new.known_values() == [TOKEN]


@pytest.mark.parametrize(
    ("reference", "named"),
    [
        ("env:SPLIT", "env:SPLIT"),
        ("file:channel/x/1", "file:channel/x/1"),
        ("command:A=s3cret printf 'split\\tin two'", "command:printf …"),
    ],
)
def test_a_value_that_no_header_can_carry_is_refused_by_its_name(
    paths: Paths, reference: str, named: str
) -> None:
    SecretFile(paths.secrets_file).set("channel/x/1", "split\nin two")
    store = SecretStore(paths, Config(), {"SPLIT": "split\nin two"})
    with pytest.raises(SecretError) as caught:
        store.resolve(reference)
    assert named in caught.value.message
    assert "split" not in caught.value.message.replace("env:SPLIT", "")
    assert "s3cret" not in caught.value.message
    assert store.known_values() == []


@pytest.mark.usefixtures("backend")
class TestKeyring:
    def test_values_live_under_the_service_of_their_home(self, paths: Paths) -> None:
        use(backends.Memory)
        store = in_keyring(paths)
        ref = store.keep("channel/a", TOKEN, edit=None)
        entry = ref.removeprefix("keyring:")
        assert backends.Memory.entries == {("axonhub:test", entry): TOKEN}
        assert in_keyring(paths).resolve(ref) == Secret(TOKEN)
        store.forget(ref)
        store.forget(ref)
        assert backends.Memory.entries == {}

    def test_the_first_use_makes_a_service_and_keeps_it(self, paths: Paths) -> None:
        use(backends.Memory)
        store = ConfigStore(paths, {})
        secrets = SecretStore(paths, Config(), {})
        refs = [secrets.keep("channel/a", TOKEN, edit=None)]
        with store.edit() as edit:
            refs.append(secrets.keep("channel/a", TOKEN, edit=edit))
        service = store.read().secrets.service
        assert service is not None
        assert service.startswith("axonhub:")
        assert {found for found, _ in backends.Memory.entries} == {service}
        fresh = SecretStore(paths, store.read(), {})
        assert [fresh.resolve(ref).reveal() for ref in refs] == [TOKEN, TOKEN]

    def test_the_service_is_made_within_an_edit_too(self, paths: Paths) -> None:
        use(backends.Memory)
        store = ConfigStore(paths, {})
        with store.edit() as edit:
            ref = SecretStore(paths, Config(), {}).keep("channel/a", TOKEN, edit=edit)
            edit.append("channels", {"name": "a", "type": "anthropic", "tokens": [ref]})
        assert SecretStore(paths, store.read(), {}).resolve(ref) == Secret(TOKEN)

    def test_a_service_that_was_not_written_is_not_used(self, paths: Paths) -> None:
        use(backends.Memory)
        store = ConfigStore(paths, {})
        secrets = SecretStore(paths, Config(), {})
        with pytest.raises(KeyError), store.edit() as edit:
            secrets.keep("channel/a", TOKEN, edit=edit)
            raise KeyError
        assert backends.Memory.entries == {}
        ref = secrets.keep("channel/a", TOKEN, edit=None)
        assert SecretStore(paths, store.read(), {}).resolve(ref) == Secret(TOKEN)

    @pytest.mark.parametrize("length", [599, 600, 601, 1200, 5000])
    def test_long_values_are_split_and_joined(self, paths: Paths, length: int) -> None:
        use(backends.Memory)
        store = in_keyring(paths)
        value = "".join(chr(97 + index % 26) for index in range(length))
        ref = store.keep("channel/a", value, edit=None)
        assert in_keyring(paths).resolve(ref) == Secret(value)
        assert (len(backends.Memory.entries) > 1) == (length > 600)
        store.forget(ref)
        assert backends.Memory.entries == {}

    @given(value=st.text("ab:\U0001f600", min_size=1, max_size=30).map(lambda text: text * 100))
    def test_any_value_fits(self, value: str) -> None:
        paths = find_paths({"AXONHUB_HOME": "/nowhere"})
        use(backends.Memory)
        ref = in_keyring(paths).keep("x", value, edit=None)
        assert in_keyring(paths).resolve(ref) == Secret(value)

    def test_a_value_that_looks_like_a_split_one_is_none(self, paths: Paths) -> None:
        use(backends.Memory)
        ref = in_keyring(paths).keep("x", "axonhub:parts:7", edit=None)
        assert in_keyring(paths).resolve(ref) == Secret("axonhub:parts:7")

    def test_a_lost_part_is_a_lost_value(self, paths: Paths) -> None:
        use(backends.Memory)
        ref = in_keyring(paths).keep("x", "y" * 3000, edit=None)
        del backends.Memory.entries["axonhub:test", ref.removeprefix("keyring:") + ".1"]
        with pytest.raises(SecretError, match="the keyring holds no 'x/"):
            in_keyring(paths).resolve(ref)

    def test_a_home_without_a_service_has_nothing_in_the_keyring(self, paths: Paths) -> None:
        store = SecretStore(paths, Config(), {})
        store.forget("keyring:a")
        with pytest.raises(SecretError, match="the keyring holds no 'a'"):
            store.resolve("keyring:a")

    def test_what_can_store_nothing_is_told_before_there_is_a_secret(self, paths: Paths) -> None:
        use(NoKeyring)
        with pytest.raises(SecretError, match="no keyring is available here"):
            in_keyring(paths).require_backend()
        SecretStore(paths, Config(secrets=SecretSettings(backend="file")), {}).require_backend()
        use(backends.Memory)
        in_keyring(paths).require_backend()

    def test_without_any_keyring_the_choices_are_told(self, paths: Paths) -> None:
        use(NoKeyring)
        with pytest.raises(SecretError) as caught:
            in_keyring(paths).keep("channel/a", TOKEN, edit=None)
        assert caught.value.message == "no keyring is available here"
        hint = str(caught.value.hint)
        for choice in ("--token-env", "--token-command", "axonhub config set secrets.backend file"):
            assert choice in hint

    def test_a_keyring_that_keeps_nothing_is_found_out(self, paths: Paths) -> None:
        use(NullKeyring)
        with pytest.raises(SecretError, match="did not keep it"):
            in_keyring(paths).keep("channel/a", TOKEN, edit=None)

    def test_a_value_that_does_not_fit_leaves_no_parts_behind(self, paths: Paths) -> None:
        use(backends.Full)
        with pytest.raises(SecretError, match="OSError"):
            in_keyring(paths).keep("channel/a", "x" * 5000, edit=None)
        assert backends.Memory.entries == {}

    def test_a_locked_keyring_is_told(self, paths: Paths) -> None:
        use(backends.Locked)
        with pytest.raises(SecretError, match="the keyring: it is locked"):
            in_keyring(paths).keep("channel/a", TOKEN, edit=None)

    def test_a_backends_own_words_are_not_repeated(self, paths: Paths) -> None:
        use(backends.Broken)
        with pytest.raises(SecretError) as caught:
            in_keyring(paths).keep("channel/a", TOKEN, edit=None)
        assert caught.value.message == "cannot store a secret in the keyring: RuntimeError"
        assert TOKEN not in repr(caught.value)
        assert caught.value.__suppress_context__

    def test_a_keyring_that_hangs_is_given_up(self, paths: Paths) -> None:
        answer = threading.Event()
        use(lambda: backends.Hung(answer))
        try:
            with pytest.raises(SecretError, match=r"no answer within 0\.1 s") as caught:
                in_keyring(paths, keyring_limit=0.1).resolve("keyring:a")
            assert "unlock it" in str(caught.value.hint)
        finally:
            answer.set()


def test_a_keyring_that_hangs_does_not_keep_the_process_from_ending(tmp_path: Path) -> None:
    script = """
import threading, keyring
from axonhub_cli.config.schema import Config, Secrets
from axonhub_cli.config.secrets import SecretStore
from tests.config.backends import Hung

keyring.set_keyring(Hung(threading.Event()))
config = Config(secrets=Secrets(service="axonhub:test"))
store = SecretStore(find_paths(os.environ), config, {}, keyring_limit=0.1)
report(lambda: store.resolve("keyring:a"))
"""
    root = str(Path(__file__).parent.parent.parent)
    environ = {"AXONHUB_HOME": str(tmp_path), "PYTHONPATH": root}
    code, complaint = children.run(script, environ)
    assert (code, "no answer within 0.1 s" in complaint) == (1, True), complaint
