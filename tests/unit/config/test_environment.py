"""The layers of a program's environment, and what its texts can refer to."""

from .conftest import ENVIRON, Site

LAYERS = """
[supervisor]
env_file = ["sup.env", "-missing.env"]
env = { B = "sup", C = "sup" }
[companion_defaults]
env_file = "defaults.env"
env = { D = "defaults", E = "defaults" }
[companions.q]
command = "sleep ${A} ${G}"
env_file = "own.env"
env = { F = "own", G = "${F}-${A}-${HOME}", PATH = "/opt/bin:${PATH}" }
"""


def test_later_layers_win(site: Site) -> None:
    """Files go before tables, and the daemon's, the defaults' and the companion's layers in order."""
    site.write("A=sup.env\nB=sup.env\n", "sup.env")
    site.write("C=defaults.env\nD=defaults.env\n", "defaults.env")
    site.write("E=own.env\nF=own.env\n", "own.env")
    configuration = site.load(LAYERS)
    assert configuration.supervisor.env == {"A": "sup.env", "B": "sup", "C": "sup"}
    launch = configuration.programs["q"].launch
    assert launch.env == {
        "A": "sup.env",
        "B": "sup",
        "C": "defaults.env",
        "D": "defaults",
        "E": "own.env",
        "F": "own",
        "G": "own-sup.env-/root",
        "PATH": "/opt/bin:/usr/bin:/bin",
    }
    assert launch.command == ("sleep", "sup.env", "own-sup.env-/root")


def test_companions_do_not_see_each_others_variables(site: Site) -> None:
    """One companion's env is no other's."""
    (problem,) = site.problems(
        '[companions.a]\ncommand = "sleep 1"\nenv = { OWN = "1" }\n[companions.b]\ncommand = "sleep ${OWN}"\n'
    )
    assert problem.startswith("companions.b.command: refers to ${OWN}")


def test_home_is_that_of_the_user(site: Site) -> None:
    """A text refers to the HOME that the program will find, unless [supervisor] env gives one."""
    text = '[companions.q]\nuser = "root"\ncommand = "sleep ${HOME} ${USER}"\n'
    environ = {**ENVIRON, "HOME": "/home/someone", "USER": "someone"}
    assert site.load(text, environ=environ).programs["q"].launch.command == ("sleep", "/root", "root")
    launch = site.load('[supervisor]\nenv = { HOME = "/srv" }\n' + text, environ=environ).programs["q"].launch
    assert launch.command == ("sleep", "/srv", "root")
    assert launch.env == {"HOME": "/srv"}


def test_every_text_is_expanded(site: Site) -> None:
    """Variables work wherever a text names something outside the file."""
    site.write("X=file\n", "q.env")
    configuration = site.load(
        '[supervisor]\ncontrol_socket = "${RUN}/s.sock"\npython_path = ["${RUN}"]\nuser = "${WHO}"\n'
        '[companions.q]\ncommand = ["sleep", "%(name)s@%(host)s"]\ncwd = "${RUN}"\n'
        'env_file = "%(name)s.env"\n'
        'stdout = "${RUN}/%(program)s.log"\nstderr = "${RUN}/%(ENV_X)s.err"\ngroup = "${WHO}"\n',
        environ={**ENVIRON, "RUN": str(site.directory), "WHO": "root"},
    )
    here, launch = str(site.directory), configuration.programs["q"].launch
    assert configuration.supervisor.control_socket == f"{here}/s.sock"
    assert configuration.supervisor.python_path == (here,)
    assert (launch.user, launch.group, launch.cwd) == ("root", "root", here)
    assert (launch.stdout, launch.stderr) == (f"{here}/q.log", f"{here}/file.err")
    assert launch.command is not None
    assert launch.command[1].startswith("q@")


def test_a_program_is_looked_up_on_its_own_path(site: Site) -> None:
    """PATH in env decides where a command is found."""
    site.write("#!/bin/sh\n", "bin/tool").chmod(0o755)
    text = f'[companions.q]\ncommand = "tool"\nenv = {{ PATH = "{site.directory}/bin:${{PATH}}" }}\n'
    assert site.load(text).programs["q"].launch.command == ("tool",)


def test_files_with_other_line_ends_are_read(site: Site) -> None:
    """A file written elsewhere brings no carriage returns into a program's environment."""
    (site.directory / "q.env").write_bytes(b"A=1\r\nB=2\r\n")
    launch = site.load('[companions.q]\ncommand = "sleep 1"\nenv_file = "q.env"\n').programs["q"].launch
    assert launch.env == {"A": "1", "B": "2"}
