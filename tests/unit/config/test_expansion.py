"""What is expanded in a text, what is left alone, and what a refusal says."""

import pytest

from supervisord_lite.config.expansion import Scope, expand

SCOPE = Scope(
    {"A": "1", "EMPTY": "", "HOME": "/home/x"},
    {"name": "web", "instance": "3", "program": "web:3", "process_num": "2"},
)


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("plain", "plain"),
        ("${A}${A}", "11"),
        ("${HOME}/x", "/home/x/x"),
        ("${EMPTY}", ""),
        ("${NONE:-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${A:-d}", "1"),
        ("${NONE:-}", ""),
        ("${NONE:-a b:c}", "a b:c"),
        ("%(name)s-%(instance)s", "web-3"),
        ("%(process_num)02d", "02"),
        ("%(name)5s|%(name)-5s|", "  web|web  |"),
        ("%(here)s/x", "/etc/app/x"),
        ("%(ENV_A)s", "1"),
        ("$${A}", "${A}"),
        ("%%(name)s", "%(name)s"),
        ("$$${A}", "$${A}"),
        ("date +%s", "date +%s"),
        ("$HOME $(ls) 100% $$ %%", "$HOME $(ls) 100% $$ %%"),
        ("%(", "%("),
        ("%(a b)s", "%(a b)s"),
    ],
)
def test_forms_are_replaced_and_all_else_is_literal(text: str, expanded: str) -> None:
    """Only ${VAR}, ${VAR:-default} and %(name)s are expanded, and both can be escaped."""
    assert expand(text, SCOPE, "/etc/app") == expanded


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${NONE}", "refers to ${NONE}, which is not set"),
        ("${HOMES}", 'did you mean "HOME"?'),
        ("${NONE}", "$${NONE} to leave it as it is"),
        ("${A-x}", "neither ${VAR} nor ${VAR:-default}"),
        ("${#A}", "neither"),
        ("${A", "neither"),
        ("${NONE:-${A}}", "neither"),
        ("%(nmae)s", 'did you mean "name"?'),
        ("%(asctime)s", "write %%(asctime)s to leave it as it is"),
        ("%(name)", "without its final s"),
        ("%(name)d", "as a number, which it is not"),
        ("%(ENV_NONE)s", "NONE is not set"),
    ],
)
def test_what_has_no_value_is_refused(text: str, message: str) -> None:
    """A variable without a value is refused with the way out, where a shell would silently put nothing."""
    with pytest.raises(ValueError, match=r"refers|holds|formats") as caught:
        expand(text, SCOPE, "/etc/app")
    assert message in str(caught.value)


def test_a_refusal_keeps_secrets() -> None:
    """The text around a malformed form is not repeated, for it may be a password."""
    with pytest.raises(ValueError, match="holds") as caught:
        expand("hunter2${!x}", SCOPE, "/etc/app")
    assert "hunter2" not in str(caught.value)
