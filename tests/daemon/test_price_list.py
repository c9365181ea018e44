from tests.support.daemon import Daemon
from tests.support.home import Home, channel


def start(home: Home) -> None:
    home.paths.price_list.unlink()
    daemon = Daemon(home).start()
    assert daemon.stop() == 0


def test_a_daemon_that_is_ready_has_the_list_of_prices(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9"))
    start(home)
    assert home.paths.price_list.exists()


def test_no_list_is_made_for_channels_that_have_no_prices(home: Home) -> None:
    home.configure({"name": "toy", "type": "echo"}, channel("http://127.0.0.1:9", enabled=False))
    start(home)
    assert not home.paths.price_list.exists()


def test_a_daemon_without_a_list_starts_all_the_same(home: Home) -> None:
    home.configure(channel("http://127.0.0.1:9"))
    home.paths.price_list.unlink()
    home.paths.price_list.parent.rmdir()
    home.paths.price_list.parent.write_bytes(b"")
    assert Daemon(home).start().stop() == 0
