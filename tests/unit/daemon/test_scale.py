"""scale, on a file with commands and a stage to run them."""

import pytest

from supervisord_lite.control.requests import RequestRefused
from supervisord_lite.model.states import Cause

from .site import Site, started


@pytest.mark.parametrize(
    ("count", "added", "removed"),
    [
        (4, ["worker:3", "worker:4"], []),
        ("4", ["worker:3", "worker:4"], []),
        ("+1", ["worker:3"], []),
        ("-2", [], ["worker:1", "worker:2"]),
        (0, [], ["worker:1", "worker:2"]),
        (2, [], []),
    ],
)
async def test_a_scale_adds_and_takes_away(
    site: Site, count: int | str, added: list[str], removed: list[str]
) -> None:
    """Those with the highest numbers come and go, and nobody else notices."""
    operations = await started(site)
    reply = await operations.scale("worker", count)
    assert (reply["ok"], reply["added"], reply["removed"]) == (True, added, removed)
    await site.stage.pass_time(10)
    assert reply["instances"] == sum(program.name.startswith("worker") for program in site.stage.programs)
    causes = {t.exit.cause for t in site.stage.told if t.exit is not None}
    assert causes <= {Cause.SCALE}
    site.close()


@pytest.mark.parametrize("count", ["", "x", "+", "-", "+-1", "--1", "1.5", "²", "100000", "1e3", "+ 1"])
async def test_no_number_is_refused(site: Site, count: str) -> None:
    """As a bad request."""
    operations = await started(site)
    with pytest.raises(RequestRefused, match=r"is no number of instances; say 4, ") as refusal:
        await operations.scale("worker", count)
    assert refusal.value.code == "bad_request"
    site.close()


async def test_a_scale_that_cannot_be_is_refused(site: Site) -> None:
    """More fewer than there are, or of nobody."""
    operations = await started(site)
    with pytest.raises(RequestRefused, match=r"^there are only 2 instances$"):
        await operations.scale("worker", "-3")
    with pytest.raises(RequestRefused, match=r'^no companion or pool is called "wob"; did you mean "web"'):
        await operations.scale("wob", 1)
    with pytest.raises(RequestRefused, match=r"; there are: .*worker"):
        await operations.scale("zzz", 1)
    site.close()


async def test_a_companion_may_begin_with_none(site: Site) -> None:
    """And be scaled up when there is work."""
    site.write(worker="instances = 0")
    operations = await started(site)
    try:
        assert (await operations.scale("worker", 2))["added"] == ["worker", "worker:2"]
    finally:
        site.close()


async def test_a_scale_is_kept_until_the_file_says_otherwise(site: Site) -> None:
    """A reread of the same number leaves it, and of another one takes that."""
    operations = await started(site)
    await operations.scale("worker", 3)
    assert (await operations.reread())["unchanged"] == ["web", "worker:1", "worker:2", "worker:3"]
    site.write(web="", worker="instances = 4")
    assert (await operations.reread())["added"] == ["worker:4"]
    assert (await operations.scale("worker", 0))["instances"] == 0
    assert (await operations.scale("worker", "+1"))["instances"] == 1
    site.close()
