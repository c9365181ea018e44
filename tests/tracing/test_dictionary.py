from hashlib import sha256

from axonhub_cli.tracing.dictionary import DICTIONARY_1


def test_the_dictionary_is_what_existing_files_were_written_with() -> None:
    # If this fails, every file of every user has become unreadable: add a second one instead.
    digest = "cc8a11d9023ee6a0c7282bd37d26d215b0a7b0b012ca9232a573930d83963afb"
    assert sha256(DICTIONARY_1).hexdigest() == digest
