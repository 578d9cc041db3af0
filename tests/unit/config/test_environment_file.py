"""Files of environment variables as systemd.exec(5) describes them."""

import pytest

from supervisord_lite.config.environment_file import parse_environment


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("", {}),
        ("A=1\nB=2", {"A": "1", "B": "2"}),
        ("# A=1\n; B=2\n  # C=3\n\nno separator\nD=4\n", {"D": "4"}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("  A = 1 2  \n", {"A": "1 2"}),
        ("A=\nB=2", {"A": "", "B": "2"}),
        ("A='x  # $y \\n'\n", {"A": "x  # $y \\n"}),
        ('A="x \\"y\\" \\$z \\\\ \\n"\n', {"A": 'x "y" $z \\ \\n'}),
        ("A='one'\" two\"\n", {"A": "one two"}),
        ("A=it's\n", {"A": "it's"}),
        ("A=x\\\ny\nB=2", {"A": "xy", "B": "2"}),
        ('A="x\ny"\nB=2', {"A": "x\ny", "B": "2"}),
        ("A=a\\ b\\ \n", {"A": "a b "}),
        ("A=x=y # not a comment\n", {"A": "x=y # not a comment"}),
        ("A=${B}%(c)s\n", {"A": "${B}%(c)s"}),
        ("A=\\", {"A": ""}),
    ],
)
def test_variables_are_read_as_systemd_reads_them(text: str, variables: dict[str, str]) -> None:
    """Quotes, comments, continuation lines and blanks mean what they mean in EnvironmentFile=."""
    assert parse_environment(text) == variables


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A=1\n2B=3", 'in line 2: "2B" cannot name a variable'),
        ("export A=1", 'leave "export" out, A=...'),
        ("A=1\n\nB='x\ny", "in line 3: the quote ' is not closed"),
        ("A=\0", "NUL"),
        ('A="x\ny"\n=3', "in line 3"),
    ],
)
def test_lines_that_cannot_be_meant_are_refused(text: str, message: str) -> None:
    """A line that would be lost is refused with its number."""
    with pytest.raises(ValueError, match="line") as caught:
        parse_environment(text)
    assert message in str(caught.value)
