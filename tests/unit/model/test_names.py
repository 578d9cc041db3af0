"""Names as commands give them."""

import pytest

from supervisord_lite.model.names import UnknownProgram, select

COMPANIONS = {"web": "web", "worker:1": "worker", "worker:2": "worker", "mail": "mail", "all-in": "all-in"}


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (["web"], ["web"]),
        (["worker"], ["worker:1", "worker:2"]),
        (["worker:*"], ["worker:1", "worker:2"]),
        (["worker:2"], ["worker:2"]),
        (["web:1"], ["web"]),
        (["web:*"], ["web"]),
        (["w*"], ["web", "worker:1", "worker:2"]),
        (["?ork*"], ["worker:1", "worker:2"]),
        (["[mw]*l"], ["mail"]),
        (["*:1"], ["worker:1"]),
        (["all"], list(COMPANIONS)),
        (["*"], list(COMPANIONS)),
        (["mail", "web", "mail"], ["web", "mail"]),
        ([], []),
    ],
)
def test_names_mean_programs(patterns: list[str], names: list[str]) -> None:
    """Each program once, in the order of the configuration, however it was named."""
    assert select(patterns, COMPANIONS) == names


@pytest.mark.parametrize("name", ["wbe", "web:2", "worker:3", "", "Web", "a l l"])
def test_a_name_that_means_nothing_is_refused(name: str) -> None:
    """Only a glob may match nothing."""
    with pytest.raises(UnknownProgram, match=f'^no program is called "{name}"') as refusal:
        select(["web", name], COMPANIONS)
    assert refusal.value.name == name


def test_the_refusal_offers_the_nearest_name() -> None:
    """Who mistyped reads what may have been meant."""
    with pytest.raises(UnknownProgram) as refusal:
        select(["worke"], COMPANIONS)
    assert str(refusal.value) == 'no program is called "worke"; did you mean "worker"?'


def test_all_is_nothing_where_there_is_nothing() -> None:
    """ "all" of no programs is no program, and no mistake."""
    assert select(["all"], {}) == []
