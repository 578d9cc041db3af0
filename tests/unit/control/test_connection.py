"""One client of the control socket, over a real one."""

import logging

import pytest

from supervisord_lite.control.connection import MAX_LINE, MAX_QUEUED

from .talk import BIG, Talk
from .test_subscription import a_transition


async def test_requests_are_answered_in_their_order(talk: Talk) -> None:
    """Each with its id."""
    async with talk:
        client = await talk.connect()
        client.send({"cmd": "status", "id": 1}, {"cmd": "version"}, {"cmd": "plan", "id": "x"})
        assert await client.reply() == {"ok": True, "said": "status", "id": 1}
        assert await client.reply() == {"ok": True, "said": "version"}
        assert await client.reply() == {"ok": True, "changes": BIG, "id": "x"}


async def test_more_requests_than_are_queued_are_answered_all(talk: Talk) -> None:
    """Reading pauses, and nothing is lost."""
    async with talk:
        client = await talk.connect()
        count = MAX_QUEUED * 20
        client.send(*({"cmd": "status", "id": number} for number in range(count)))
        assert [(await client.reply())["id"] for _ in range(count)] == list(range(count))


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("hello", "bad_request"),
        ("[1, 2]", "bad_request"),
        (b"\xff\xfe\x00", "bad_request"),
        (b'{"cmd": "status", "name": "\xff"}', "bad_request"),
        (b'{"x": ' + b"[" * 100_000, "bad_request"),
        ('{"cmd": "halt"}', "unknown_command"),
        ('{"cmd": "reread"}', "config"),
    ],
)
async def test_a_refusal_leaves_the_connection_as_it_was(talk: Talk, line: str | bytes, code: str) -> None:
    """The next request is answered."""
    async with talk:
        client = await talk.connect()
        client.send(line)
        refusal = await client.reply()
        assert (refusal["ok"], refusal["code"]) == (False, code)
        assert (await client.ask("status"))["ok"]


async def test_a_refusal_carries_id_and_details(talk: Talk) -> None:
    """What else the command has to say is in the reply."""
    async with talk:
        client = await talk.connect()
        assert await client.ask("reread", id=3) == {
            "ok": False,
            "error": "broken",
            "code": "config",
            "problems": ["one"],
            "id": 3,
        }


async def test_empty_lines_are_passed_over(talk: Talk) -> None:
    """With and without blanks."""
    async with talk:
        client = await talk.connect()
        client.send("", "  ", "\r", {"cmd": "status"})
        assert (await client.reply())["ok"]


async def test_who_says_no_more_still_gets_the_replies(talk: Talk) -> None:
    """As socat does; the last line may lack its end, and then the connection closes."""
    async with talk:
        client = await talk.connect()
        client.writer.write(b'{"cmd": "status"}\n{"cmd": "version"}')
        client.writer.write_eof()
        assert (await client.reply())["said"] == "status"
        assert (await client.reply())["said"] == "version"
        assert await client.is_closed()


async def test_half_a_line_is_refused_at_the_end(talk: Talk) -> None:
    """It is no request, and whoever sent it is told."""
    async with talk:
        client = await talk.connect()
        client.writer.write(b'{"cmd": "sta')
        client.writer.write_eof()
        assert (await client.reply())["code"] == "bad_request"
        assert await client.is_closed()


async def test_a_client_that_vanishes_bothers_nobody(talk: Talk) -> None:
    """In the middle of a line, or of a reply."""
    async with talk:
        for half in (b'{"cmd": "sta', b'{"cmd": "plan"}\n' * 20):
            client = await talk.connect()
            client.writer.write(half)
            await client.close()
        assert (await (await talk.connect()).ask("status"))["ok"]


@pytest.mark.parametrize("ending", [b"", b"\n"])
async def test_a_line_that_is_too_long_ends_the_connection(talk: Talk, ending: bytes) -> None:
    """A MiB or more is refused, whether it ends or not."""
    async with talk:
        client = await talk.connect()
        client.writer.write(b"x" * MAX_LINE + ending)
        refusal = await client.reply()
        assert refusal == {
            "ok": False,
            "error": "a request has to be shorter than 1048576 bytes",
            "code": "too_large",
        }
        assert await client.is_closed()


async def test_a_line_below_the_limit_is_read(talk: Talk) -> None:
    """To its last byte."""
    async with talk:
        client = await talk.connect()
        client.send('{"cmd": "status"' + " " * (MAX_LINE - 18) + "}")
        assert (await client.reply())["ok"]


async def test_a_reader_that_does_not_read_stops_its_own_answers(talk: Talk) -> None:
    """What waits for it is bounded, and others are answered meanwhile."""
    async with talk:
        slow, other = await talk.connect(), await talk.connect()
        slow.reader._transport.pause_reading()  # type: ignore[attr-defined]
        slow.send(*({"cmd": "plan"} for _ in range(200)))
        for _ in range(50):
            assert (await other.ask("status"))["ok"]
        plans = sum(type(request).__name__ == "Plan" for request in talk.commands.asked)
        assert 0 < plans < 20


async def test_a_client_that_leaves_is_waited_for_no_more(talk: Talk) -> None:
    """The wait for its verdict ends; what it asked for goes on by itself."""
    async with talk:
        client = await talk.connect()
        client.send({"cmd": "wait", "name": "web"})
        await talk.commands.waiting.wait()
        await client.close()
        await talk.commands.left.wait()
        assert len(talk.commands.cancelled) == 1


async def test_an_error_inside_the_daemon_is_told_and_logged(
    talk: Talk, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection ends, the daemon goes on."""
    async with talk:
        client, other = await talk.connect(), await talk.connect()
        refusal = await client.ask("check")
        assert refusal["code"] == "internal"
        assert await client.is_closed()
        assert (await other.ask("status"))["ok"]
    errors = [
        r for r in caplog.records if r.levelno == logging.ERROR and r.name.startswith("supervisord_lite")
    ]
    assert [record.getMessage() for record in errors] == [
        "control socket: a request failed inside the daemon"
    ]


async def test_who_is_not_admitted_is_told_why(talk: Talk) -> None:
    """And nothing of what it sends is looked at."""
    talk.gate.words = "user 7 may not"
    async with talk:
        client = await talk.connect()
        client.send({"cmd": "status"})
        assert await client.reply() == {"ok": False, "error": "user 7 may not", "code": "forbidden"}
        assert await client.is_closed()
        assert talk.commands.asked == []


async def test_events_are_streamed_until_the_client_leaves(talk: Talk) -> None:
    """Beginning with the past it asked for."""
    async with talk:
        client = await talk.connect()
        talk.commands.news.publish(a_transition(1))
        talk.commands.news.publish(a_transition(2))
        assert await client.ask("events", past=1, id="e") == {"ok": True, "streaming": True, "id": "e"}
        assert (await client.reply())["seq"] == 2
        talk.commands.news.publish(a_transition(3))
        assert (await client.reply())["seq"] == 3
        await client.close()
        await talk.commands.left.wait()


async def test_who_listens_may_say_that_it_says_no_more(talk: Talk) -> None:
    """Half a close is no end of the stream, and a whole one is."""
    async with talk:
        client = await talk.connect()
        client.send({"cmd": "events"})
        client.writer.write_eof()
        assert (await client.reply())["streaming"]
        talk.commands.news.publish(a_transition(1))
        assert (await client.reply())["seq"] == 1
        await client.close()
        await talk.commands.left.wait()
