"""docs/states.md is in step with the code: its diagram, its words for states, triggers and causes."""

from pathlib import Path

import pytest

from supervisord_lite.model.states import Cause, State, Trigger
from supervisord_lite.model.transitions import diagram

PAGE = (Path(__file__).parents[3] / "docs" / "states.md").read_text()
FIX = "python -m supervisord_lite.model.transitions"


def test_the_diagram_is_the_table() -> None:
    """The diagram between the markers is what the transition table draws."""
    drawn = PAGE.split("<!-- diagram -->\n")[1].split("\n<!-- end: diagram -->")[0]

    assert drawn == f"```mermaid\n{diagram()}```", f"put the output of {FIX} between the markers"


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_section(state: State) -> None:
    """Each state has a heading of its own, and a row in the first table."""
    assert f"\n### {state}\n" in PAGE
    assert f"\n| `{state}` |" in PAGE


@pytest.mark.parametrize("trigger", Trigger)
def test_every_trigger_is_explained(trigger: Trigger) -> None:
    """Each word that `supctl events` uses has a row that says what brings it about."""
    assert f"\n| `{trigger}` |" in PAGE


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_is_named(cause: Cause) -> None:
    """Each reason for which the daemon ends a program is on the page."""
    word = {Cause.LEAVING: "STOPPING=1"}.get(cause, cause.value)
    assert word in PAGE
