"""The generated docs, schema and man page."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomli

from supervisord_lite.config import reference
from supervisord_lite.config.foreign import WORDS
from supervisord_lite.config.manual import roff
from supervisord_lite.config.tables import CompanionTable, SupervisorTable

from .test_load import FULL
from .test_problems import REFUSED

GUIDE = (reference.ROOT / reference.GUIDE).read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
UNKNOWN_TO_A_SCHEMA = {  # what depends on the machine, on other keys, or on both files
    *("nothing_to_run", "unknown_after", "near_after", "instance_in_after", "circle", "delay_does_not_grow"),
    *("delay_above_default_maximum", "watchdog_without_notify", "unknown_user", "unknown_group"),
    *("unknown_socket_group", "missing_directory", "file_as_directory", "missing_python_path"),
    *("missing_log_directory", "directory_as_log", "stdout_into_itself", "missing_env_file"),
    *(
        "directory_as_env_file",
        "bad_env_file",
        "nul_in_variable",
        "nul_in_name_of_variable",
        "unset_variable",
    ),
    *(
        "unset_in_command",
        "unknown_name",
        "expands_to_nothing",
        "command_expands_to_nothing",
        "unknown_program",
    ),
    *(
        "missing_program",
        "program_not_executable",
        "directory_as_program",
        "long_socket",
        "directory_as_socket",
    ),
    "decimal_umask",
}


@pytest.fixture(scope="module")
def validator() -> Any:
    """The shipped schema, itself checked."""
    schema = json.loads((reference.ROOT / reference.SCHEMA).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_generated_files_are_in_step(capsys: pytest.CaptureFixture[str]) -> None:
    """What the docs say about a key is what the struct that reads it says."""
    assert reference.main([]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_in_the_docs_are_valid(validator: Any, example: str) -> None:
    """Every TOML example of the guide passes the schema."""
    validator.validate(tomli.loads(example))


def test_the_schema_accepts_every_key(validator: Any) -> None:
    """A file that uses every key passes the schema."""
    document = tomli.loads(FULL)
    document["supervisor"]["log_level"] = "debug"
    validator.validate(document)


@pytest.mark.parametrize("name", sorted(REFUSED.keys() - UNKNOWN_TO_A_SCHEMA))
def test_the_schema_refuses_what_the_reader_refuses(validator: Any, name: str) -> None:
    """What can be seen in the file alone is underlined by an editor too."""
    assert not validator.is_valid(tomli.loads(REFUSED[name][0]))


@pytest.mark.parametrize("struct", [SupervisorTable, CompanionTable])
def test_every_key_is_described(struct: Any) -> None:
    """No key is without a meaning, a kind and a default in the docs."""
    for key in reference.keys(struct):
        assert key.description.endswith("."), key.name
        assert key.kind, key.name
        assert key.default, key.name


def test_words_of_other_supervisors_lead_to_keys() -> None:
    """Whatever a foreign word is answered with is a key."""
    known = {key.name for struct in (SupervisorTable, CompanionTable) for key in reference.keys(struct)}
    assert set(WORDS.values()) <= known
    assert not WORDS.keys() & known


def test_stale_files_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One command brings everything into step; without --write it only tells."""
    monkeypatch.setattr(reference, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    empty = re.sub(r"(<!-- keys: \w+ -->\n).*?(<!-- end)", r"\1\2", GUIDE, flags=re.DOTALL)
    (tmp_path / reference.GUIDE).write_text(empty, encoding="utf-8")
    assert reference.main([]) == 1
    assert not (tmp_path / reference.SCHEMA).exists()
    assert reference.main(["--write"]) == 0
    assert (tmp_path / reference.GUIDE).read_text(encoding="utf-8") == GUIDE
    assert reference.main([]) == 0


def test_texts_are_escaped_for_roff() -> None:
    """Nothing in a description is taken for a request or an escape of the man page."""
    assert roff("a `b-c` \\d") == "a \\fBb\\-c\\fR \\ed"
    assert roff(".x") == "\\&.x"
