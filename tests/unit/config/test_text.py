"""Commands, targets, outputs, accounts and names: what is accepted, and what a refusal says."""

from typing import Any

import pytest

from supervisord_lite.config.text import (
    Account,
    Command,
    ErrorOutput,
    Level,
    Output,
    Preloads,
    Target,
    Texts,
    check_name,
)
from supervisord_lite.config.variable import Variable


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (["a b", "c"], ("a b", "c")),
        ("a 'b c' d\\ e", ("a", "b c", "d e")),
        ('sh -c "x | y"', ("sh", "-c", "x | y")),
        (["x", ""], ("x", "")),
    ],
)
def test_commands_are_words(written: object, words: tuple[str, ...]) -> None:
    """A command is a list, or a string that is split as a shell splits it."""
    assert Command.parse(written) == words


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("a 'b", "no closing quotation"),
        ([], "must not be empty"),
        ("", "must not be empty"),
        ([""], "must not be empty"),
        (["sleep", 5], "word 1 is 5; put it in quotes"),
        (5, "must be a list of strings or a string"),
        (["a\0"], "NUL"),
    ],
)
def test_bad_commands_are_refused(written: object, part: str) -> None:
    """A command that could not be executed is refused."""
    with pytest.raises(ValueError, match=part):
        Command.parse(written)


@pytest.mark.parametrize("written", ["mod:run", "pkg.mod:Class.method", "_m:_f", "módulo:função"])
def test_targets_name_a_module_and_a_callable(written: str) -> None:
    """A target is a dotted module and a dotted name in it."""
    assert Target.parse(written) == written


@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("pkg.mod.run", 'did you mean "pkg.mod:run"?'),
        ("mod:run()", "without parentheses"),
        ("/bin/sleep 5", '"command"'),
        ("mod:", '"mod:"'),
        (":run", '":run"'),
        ("mod:a:b", '"mod:a:b"'),
        ("1mod:run", '"1mod:run"'),
        (5, "must be a string"),
        ("", "must not be empty"),
    ],
)
def test_bad_targets_are_refused(written: object, part: str) -> None:
    """A target of another form is refused, with the form that was probably meant."""
    with pytest.raises(ValueError, match="must") as caught:
        Target.parse(written)
    assert part in str(caught.value)


def test_preloads_are_modules_or_callables() -> None:
    """A preload is a module, with or without a callable in it."""
    assert Preloads.parse("json") == ("json",)
    assert Preloads.parse(["json", "myapp.setup:prepare"]) == ("json", "myapp.setup:prepare")
    with pytest.raises(ValueError, match='"module" or "module:callable"'):
        Preloads.parse(["my app"])


@pytest.mark.parametrize("kind", [Output, ErrorOutput])
@pytest.mark.parametrize(
    ("written", "part"),
    [
        ("none", '"/dev/null"'),
        ("AUTO", '"./AUTO" for a file so named'),
        ("append:/var/log/x", "a path alone"),
        ("", "must not be empty"),
        (True, "must be a string"),
        ("a\0b", "NUL"),
    ],
)
def test_words_of_other_supervisors_are_no_paths(kind: Any, written: object, part: str) -> None:
    """What other supervisors call an output is answered with our word for it."""
    with pytest.raises(ValueError, match="must") as caught:
        kind.parse(written)
    assert part in str(caught.value)


def test_only_stderr_goes_where_stdout_goes() -> None:
    """The word "stdout" is for stderr alone."""
    assert ErrorOutput.parse("stdout") == "stdout"
    with pytest.raises(ValueError, match="only stderr can be"):
        Output.parse("stdout")


def test_accounts_are_names_or_numbers() -> None:
    """A user or group may be written as a TOML integer."""
    assert Account.parse(33) == "33"
    assert Account.parse("www-data") == "www-data"
    for written in (-1, True, 1.5, ""):
        with pytest.raises(ValueError, match="must"):
            Account.parse(written)


def test_one_text_needs_no_list() -> None:
    """Where several texts are possible, one alone may be written as a string."""
    assert Texts.parse("a") == ("a",)
    assert Texts.parse(["a", "b"]) == ("a", "b")
    for written in (5, [5], [""], ["a\0"]):
        with pytest.raises(ValueError, match="must"):
            Texts.parse(written)


def test_levels_are_those_of_logging() -> None:
    """A log level may be written in any case."""
    assert Level.parse("WARN") == "warning"
    with pytest.raises(ValueError, match='did you mean "debug"'):
        Level.parse("debugg")
    with pytest.raises(ValueError, match="not 10"):
        Level.parse(10)


def test_variables_may_be_numbers_but_not_truths() -> None:
    """A number has one spelling, a truth value has many."""
    assert Variable.parse(8000) == "8000"
    assert Variable.parse("") == ""
    with pytest.raises(ValueError, match='write "1", "true"'):
        Variable.parse(True)
    with pytest.raises(ValueError, match="NUL"):
        Variable.parse("a\0")


@pytest.mark.parametrize("name", ["a", "9", "rq-default", "mail.out@host_1", "x" * 64])
def test_good_names(name: str) -> None:
    """A companion's name is one word that needs no quoting in a shell."""
    check_name(name)


@pytest.mark.parametrize(
    "name", ["", "a b", "-a", "a:1", "ä", "x" * 65, "all", "zygote", "spawner", "zygote@www", "a\n"]
)
def test_bad_names(name: str) -> None:
    """A name that could not be told apart on the command line is refused."""
    with pytest.raises(ValueError, match="name"):
        check_name(name)
