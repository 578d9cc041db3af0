"""Whatever stands behind a key, reading ends with a value or with problems."""

import pytest

from supervisord_lite.config import reference
from supervisord_lite.config.problem import ConfigError

from .conftest import Site

VALUES = [
    *("true", "false", "0", "-1", "7", "9223372036854775807", "0o777", "1.5", "nan", "inf", "-inf", "1e400"),
    *(
        '""',
        '" "',
        '"x"',
        '"-"',
        '"a\\nb"',
        '"\\u0000"',
        '"${"',
        '"%(name)s"',
        '"%(process_num)500d"',
        '"ä"',
        '"."',
        '"~"',
    ),
    *('"1:2"', '"infinity"', '"SIGRTMIN+99999999999999999999"', '"99999999999999999999999s"', '"²"', '"٣"'),
    *("[]", "[[]]", "[{}]", '["", 1]', '["a", "b"]', "{}", "{ a = {} }", "{ a = [] }", "{ nofile = true }"),
    *("1979-05-27", "07:32:00", "1979-05-27T07:32:00Z"),
    *('{ nofile = "1e5" }', '{ nofile = "²" }', "{ A = 99999999999999999999 }"),
]
HEADS = {
    "supervisor": ("[supervisor]", "", ""),
    "companion": ("[companions.q]", "command", 'command = "sleep 1"\n'),
    "pool": ("[pools.q]", "apps", 'apps = "a:A"\n'),
    "stash": ("[stash]", "", ""),
}
KEYS = [(name, key.name) for name, struct in reference.TABLES.items() for key in reference.keys(struct)]


@pytest.mark.parametrize(("table", "key"), KEYS, ids=[f"{table}.{key}" for table, key in KEYS])
def test_any_value_is_taken_or_refused_at_its_key(site: Site, table: str, key: str) -> None:
    """No value makes reading fail otherwise, and a refusal names the key."""
    head, needed, what = HEADS[table]
    run = "" if key in (needed, "target") else what
    for value in VALUES:
        try:
            site.load(f"{head}\n{run}{key} = {value}\n")
        except ConfigError as error:
            for problem in error.problems:
                assert key in problem.key, (value, problem)
                assert problem.message
                assert str(problem).isprintable()
