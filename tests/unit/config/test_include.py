"""Configurations in several files."""

from .conftest import Site

ONE = '[companions.{}]\ncommand = "sleep 1"\n'


def test_included_companions_come_after_the_files_own(site: Site) -> None:
    """Patterns are relative to the file; what they match is read in sorted order, each file once."""
    for name in ("b", "a", "c"):
        site.write(ONE.format(name), f"conf.d/{name}.toml")
    configuration = site.load(
        '[supervisor]\ninclude = ["conf.d/c*.toml", "conf.d/*.toml", "none/*.toml", "*.toml"]\n'
        + ONE.format("main")
    )
    assert list(configuration.programs) == ["main", "c", "a", "b"]
    here = str(site.directory)
    assert configuration.files == tuple(
        f"{here}/{name}" for name in ("main.toml", "conf.d/c.toml", "conf.d/a.toml", "conf.d/b.toml")
    )


def test_paths_are_relative_to_the_file_they_stand_in(site: Site) -> None:
    """An included file's paths begin at its own directory, a default's at that of the main file."""
    site.write('[companions.a]\ncommand = "sleep %(here)s"\nstdout = "a.log"\n', "conf.d/a.toml")
    (program,) = site.load(
        '[supervisor]\ninclude = "conf.d/*.toml"\n[companion_defaults]\nstderr = "%(here)s/err.log"\n'
        'cwd = "conf.d"\n'
    ).programs.values()
    here = str(site.directory)
    assert program.launch.command == ("sleep", f"{here}/conf.d")
    assert program.launch.stdout == f"{here}/conf.d/a.log"
    assert program.launch.stderr == f"{here}/err.log"
    assert program.launch.cwd == f"{here}/conf.d"


def test_include_is_expanded(site: Site) -> None:
    """A pattern may hold variables of the daemon and of [supervisor] env."""
    site.write(ONE.format("a"), "conf.d/a.toml")
    configuration = site.load('[supervisor]\nenv = { SUB = "conf" }\ninclude = "%(here)s/${SUB}.d/*.toml"\n')
    assert list(configuration.programs) == ["a"]


def test_brackets_in_the_files_own_path_are_no_pattern(site: Site) -> None:
    """A directory named like a pattern is taken by its name."""
    site.main = site.directory / "app[1]" / "main.toml"
    site.write('[supervisor]\ninclude = "conf/*.toml"\n', "app[1]/main.toml")
    site.write(ONE.format("a"), "app[1]/conf/a.toml")
    assert list(site.load().programs) == ["a"]


def test_a_companion_is_defined_once(site: Site) -> None:
    """The same name in two files is refused with both places."""
    site.write(ONE.format("a"), "conf.d/a.toml")
    (problem,) = site.problems('[supervisor]\ninclude = "conf.d/*.toml"\n' + ONE.format("a"))
    assert problem == f'companions.a: is defined already, in "{site.main}"; remove or rename one'


def test_an_included_file_gives_companions_and_pools_only(site: Site) -> None:
    """What concerns all stands in the main file."""
    site.write("[supervisor]\n[companion_defaults]\n[stash]\n[pool.x]\n", "conf.d/a.toml")
    first, second, third, fourth = site.problems('[supervisor]\ninclude = "conf.d/*.toml"\n')
    assert first.startswith("supervisor: must stand in the main file")
    assert second.startswith("companion_defaults: must stand in the main file")
    assert third.startswith("stash: must stand in the main file")
    assert fourth == 'pool: unknown key "pool"; did you mean "pools"?'


def test_one_bad_file_hides_no_other(site: Site) -> None:
    """Problems of all files are told together, and names in a file that cannot be read are not doubted."""
    site.write("nonsense", "conf.d/a.toml")
    site.write('[companions.b]\ncommand = "sleep 1"\nafter = "a"\nx = 1\n', "conf.d/b.toml")
    problems = site.problems('[supervisor]\ninclude = "conf.d/*.toml"\ny = 1\n')
    assert [problem.partition(":")[0] for problem in problems] == ["supervisor.y", "", "companions.b.x"]
