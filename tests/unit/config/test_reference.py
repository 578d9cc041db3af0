"""The generated docs, schema and man page."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import tomli

from supervisord_lite.config import reference
from supervisord_lite.config.foreign import DIRTY, OF_TABLE, WORDS
from supervisord_lite.config.manual import roff
from supervisord_lite.config.tables import PoolTable

from .test_load import FULL
from .test_pool_problems import REFUSED as REFUSED_POOLS
from .test_pool_problems import UNKNOWN_TO_A_SCHEMA as UNKNOWN_POOLS
from .test_pools import FULL as FULL_POOLS
from .test_problems import REFUSED as REFUSED_COMPANIONS

GUIDE = (reference.ROOT / reference.GUIDE).read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
REFUSED = {**REFUSED_COMPANIONS, **REFUSED_POOLS}
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
    *UNKNOWN_POOLS,
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


@pytest.mark.parametrize("text", [FULL, FULL_POOLS], ids=["companions", "pools"])
def test_the_schema_accepts_every_key(validator: Any, text: str) -> None:
    """A file that uses every key passes the schema."""
    document = tomli.loads(text)
    document["supervisor"]["log_level"] = "debug"
    validator.validate(document)


@pytest.mark.parametrize("name", sorted(REFUSED.keys() - UNKNOWN_TO_A_SCHEMA))
def test_the_schema_refuses_what_the_reader_refuses(validator: Any, name: str) -> None:
    """What can be seen in the file alone is underlined by an editor too."""
    assert not validator.is_valid(tomli.loads(REFUSED[name][0]))


@pytest.mark.parametrize("struct", reference.TABLES.values(), ids=reference.TABLES)
def test_every_key_is_described(struct: Any) -> None:
    """No key is without a meaning, a kind and a default in the docs."""
    for key in reference.keys(struct):
        assert key.description.endswith("."), key.name
        assert key.kind, key.name
        assert key.default, key.name


def test_words_of_other_supervisors_lead_to_keys() -> None:
    """Whatever a foreign word is answered with is a key."""
    known = {struct: {key.name for key in reference.keys(struct)} for struct in reference.TABLES.values()}
    assert set(WORDS.values()) <= set().union(*known.values())
    assert not WORDS.keys() & set().union(*known.values())
    for struct, words in {**OF_TABLE, PoolTable: {**OF_TABLE[PoolTable], **DIRTY}}.items():
        assert set(words.values()) <= known[struct]
        assert not words.keys() & known[struct]


def test_stale_files_are_written(tmp_path: Path) -> None:
    """One command brings everything into step; without --write it only tells."""
    (tmp_path / "docs").mkdir()
    empty = re.sub(r"(<!-- keys: \w+ -->\n).*?(<!-- end)", r"\1\2", GUIDE, flags=re.DOTALL)
    (tmp_path / reference.GUIDE).write_text(empty, encoding="utf-8")
    assert reference.main([], tmp_path) == 1
    assert not (tmp_path / reference.SCHEMA).exists()
    assert reference.main(["--write"], tmp_path) == 0
    assert (tmp_path / reference.GUIDE).read_text(encoding="utf-8") == GUIDE
    assert reference.main([], tmp_path) == 0


def test_texts_are_escaped_for_roff() -> None:
    """Nothing in a description is taken for a request or an escape of the man page."""
    assert roff("a `b-c` \\d") == "a \\fBb\\-c\\fR \\ed"
    assert roff(".x") == "\\&.x"
