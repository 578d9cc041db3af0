"""How instances are named, in the file and when they are scaled."""

import pytest

from .conftest import Site


@pytest.mark.parametrize(
    ("in_file", "scaled_to", "names"),
    [
        (1, None, ["q"]),
        (0, None, []),
        (3, None, ["q:1", "q:2", "q:3"]),
        (1, 1, ["q"]),
        (1, 3, ["q", "q:2", "q:3"]),
        (1, 0, []),
        (0, 2, ["q", "q:2"]),
        (3, 1, ["q:1"]),
        (3, 4, ["q:1", "q:2", "q:3", "q:4"]),
        (3, 0, []),
    ],
)
def test_scaling_never_renames_what_runs(
    site: Site, in_file: int, scaled_to: int | None, names: list[str]
) -> None:
    """The first instance has the name that the file gives it, however many there are at run time."""
    instances = {} if scaled_to is None else {"q": scaled_to}
    configuration = site.load(
        f'[companions.q]\ncommand = "sleep 1"\ninstances = {in_file}\n', instances=instances
    )
    assert list(configuration.programs) == names
    assert [program.name for program in configuration.programs.values()] == names
    assert [program.instance for program in configuration.programs.values()] == list(range(1, len(names) + 1))
    assert all(program.group == "q" for program in configuration.programs.values())


def test_scaling_leaves_the_first_program_equal(site: Site) -> None:
    """Nothing about a running instance changes when others are added."""
    text = '[companions.q]\ncommand = "sleep %(instance)s %(program)s"\n'
    assert site.load(text).programs["q"] == site.load(text, instances={"q": 3}).programs["q"]


def test_counts_of_companions_that_are_gone_are_passed_over(site: Site) -> None:
    """A count that was set for a companion no longer in the file does nothing."""
    assert site.load("", instances={"gone": 3}).programs == {}


def test_each_instance_knows_its_number(site: Site) -> None:
    """%(instance)s counts from 1, supervisord's %(process_num)s from 0."""
    configuration = site.load(
        '[companions.q]\ncommand = "sleep %(instance)s %(process_num)02d %(program)s"\ninstances = 2\n'
    )
    commands = [program.launch.command for program in configuration.programs.values()]
    assert commands == [("sleep", "1", "00", "q:1"), ("sleep", "2", "01", "q:2")]


def test_after_waits_for_all_instances(site: Site) -> None:
    """A companion in `after` means all its instances, as many as there are now."""
    text = (
        '[companions.a]\ncommand = "sleep 1"\nafter = ["b", "c"]\n'
        '[companions.b]\ncommand = "sleep 1"\ninstances = 2\n[companions.c]\ncommand = "sleep 1"\n'
    )
    assert site.load(text).programs["a"].after == ("b:1", "b:2", "c")
    assert site.load(text, instances={"b": 0, "c": 2}).programs["a"].after == ("c", "c:2")


def test_a_companion_of_no_instances_is_checked_all_the_same(site: Site) -> None:
    """What is wrong with a companion is said before it is scaled up."""
    (problem,) = site.problems('[companions.q]\ncommand = "no-such-command"\ninstances = 0\n')
    assert '"no-such-command" is not on its PATH' in problem
