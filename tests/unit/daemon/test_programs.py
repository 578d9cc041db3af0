"""What the daemon runs under a configuration."""

from supervisord_lite.daemon.programs import log_paths, planned
from supervisord_lite.supervise.plan import Kind
from tests.fakes.definitions import a_configuration, a_program


def kinds(*programs: object, **supervisor: object) -> dict[str, tuple[str, str]]:
    """Kind and fork server of each program, by name."""
    found = planned(a_configuration(*programs, **supervisor))  # type: ignore[arg-type]
    return {name: (item.kind.value, item.server) for name, item in found.items()}


def test_nothing_needs_nothing_but_the_spawner() -> None:
    """It is ready for what a reread brings."""
    assert kinds() == {"spawner": ("spawner", "")}


def test_commands_come_from_the_spawner() -> None:
    """There is no zygote where there are no targets."""
    assert kinds(a_program("a"), a_program("b")) == {
        "spawner": ("spawner", ""),
        "a": ("command", "spawner"),
        "b": ("command", "spawner"),
    }


def test_targets_of_one_identity_share_a_zygote() -> None:
    """Another identity has one of its own, named after it; fork servers come first."""
    found = kinds(
        a_program("a", target="shop:run", user="app"),
        a_program("b", target="shop:run", user="app"),
        a_program("c", target="shop:run", user="mail"),
        a_program("d", target="shop:run", user="mail", group="post"),
        a_program("e"),
        user="app",
    )
    assert found == {
        "spawner": ("spawner", ""),
        "zygote": ("zygote", "spawner"),
        "zygote@mail": ("zygote", "spawner"),
        "zygote@mail:post": ("zygote", "spawner"),
        "a": ("target", "zygote"),
        "b": ("target", "zygote"),
        "c": ("target", "zygote@mail"),
        "d": ("target", "zygote@mail:post"),
        "e": ("command", "spawner"),
    }


def test_a_zygote_is_made_of_the_supervisor_table() -> None:
    """What it imports, where from, in which directory and environment, and as whom."""
    configuration = a_configuration(
        a_program("a", target="shop:run", user="app"),
        preload=("shop", "shop.models:warm"),
        python_path=("/srv/lib",),
        cwd="/srv/shop",
        env={"DJANGO": "1"},
        user="app",
    )
    launch = planned(configuration)["zygote"].program.launch
    assert launch.command is not None
    assert launch.command[-6:] == ("--path", "/srv/shop", "--path", "/srv/lib", "shop", "shop.models:warm")
    assert (launch.cwd, launch.env, launch.user) == ("/srv/shop", {"DJANGO": "1"}, "app")


def test_a_log_file_needs_a_log_writer() -> None:
    """Only a path is one."""
    files = a_program("a", stdout="/var/log/a", stderr="stdout"), a_program("b", stderr="/var/log/b")
    others = a_program("c", stdout="journal", stderr="inherit")
    assert log_paths(a_configuration(*files, others)) == {"/var/log/a", "/var/log/b"}
    assert kinds(*files)["logwriter"] == (Kind.LOGWRITER.value, "spawner")
    assert "logwriter" not in kinds(others)


def test_the_daemons_own_are_told_apart() -> None:
    """By what they are made of."""
    found = planned(a_configuration(a_program("a", target="shop:run", stdout="/log"), a_program("b")))
    assert [name for name, item in found.items() if item.is_own] == ["spawner", "zygote", "logwriter"]
