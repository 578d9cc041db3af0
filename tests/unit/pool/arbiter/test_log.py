"""Lines on stderr."""

import os

from supervisord_lite.pool.arbiter.log import AT_ONCE, INFO, WARNING, Log


def test_each_line_has_its_priority_and_the_pool() -> None:
    """As the journal reads it; warnings have the word that people search for."""
    reader, writer = os.pipe()
    log = Log("dirty", writer)
    log.say(INFO, "one\ntwo")
    log.warn("three")
    log.say_seldom("kind", WARNING, "four", 0.0)
    os.close(writer)
    with open(reader) as file:
        assert file.read() == "<6>dirty: one\n<6>dirty: two\n<4>dirty: WARNING: three\n<4>dirty: four\n"


def test_a_reader_that_does_not_read_holds_nobody_up() -> None:
    """Lines that do not go at once are lost, and long ones are cut."""
    reader, writer = os.pipe()
    log = Log("dirty", writer)
    for _ in range(1000):
        log.say(INFO, "x" * 10_000)
    os.close(writer)
    with open(reader) as file:
        lines = file.readlines()
    assert 0 < len(lines) < 1000
    assert {len(line) for line in lines} == {AT_ONCE}


def test_a_closed_reader_is_no_fault() -> None:
    """Routing goes on without a log."""
    reader, writer = os.pipe()
    log = Log("dirty", writer)
    os.close(reader)
    log.say(INFO, "nobody reads this")
    os.close(writer)
