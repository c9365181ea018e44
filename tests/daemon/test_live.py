from http.client import HTTPConnection

from axonhub_cli.daemon.live import BEAT_S
from axonhub_cli.daemon.state import LIVE_PATH
from tests.support.daemon import Daemon


def test_the_live_feed_is_for_our_own_command_line(daemon: Daemon) -> None:
    status, _, body = daemon.get(LIVE_PATH)
    assert (status, b"command line" in body) == (403, True)
    connection = HTTPConnection("127.0.0.1", daemon.port, timeout=BEAT_S)
    try:
        connection.request("POST", LIVE_PATH, b"")
        assert connection.getresponse().status == 405
    finally:
        connection.close()
