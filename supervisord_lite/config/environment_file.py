"""Files of environment variables in the form of systemd.exec(5), EnvironmentFile=.

Lines are KEY=VALUE; empty lines, lines without "=" and lines that begin with "#" or ";" are passed over. A
value may be quoted, in single quotes verbatim, in double quotes with a backslash before `"`, `\\`, `` ` ``
and `$`; outside quotes a backslash takes the meaning from the next character. A backslash at the end of a
line continues it. Variables are not expanded, so that a secret may hold any character.
"""

import re

KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
COMMENT = re.compile(r"[ \t]*[#;]")


def parse_environment(text: str) -> dict[str, str]:
    """Return the variables of a file's text; a later line wins. Raises ValueError with the line's number."""
    variables: dict[str, str] = {}
    position, line = 0, 1
    while position < len(text):
        end = _end_of_line(text, position)
        head = text[position:end]
        key, equals, _ = head.partition("=")
        if not equals or COMMENT.match(head):
            position, line = end + 1, line + 1
            continue
        name = key.strip()
        if not KEY.fullmatch(name):
            hint = f'; leave "export" out, {name[7:].strip()}=...' if name.startswith("export ") else ""
            raise ValueError(f'in line {line}: "{name}" cannot name a variable{hint}')
        value, after = _value(text, position + len(key) + 1, line)
        if "\0" in value:
            raise ValueError(f"in line {line}: {name} holds a NUL byte")
        variables[name] = value
        line += text.count("\n", position, after)
        position = after
    return variables


def _end_of_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _value(text: str, position: int, line: int) -> tuple[str, int]:
    """Return the value that begins at `position`, and the position of the next line."""
    value: list[str] = []
    kept = 0  # how much of the value trailing blanks belong to: what was quoted or escaped
    begun = False  # a quote only quotes where a value, or what follows another quote, begins
    while position < len(text) and text[position] != "\n":
        char = text[position]
        if char in "'\"" and not begun:
            quoted, position = _quoted(text, position, line)
            value.extend(quoted)
            kept = len(value)
            continue
        if char == "\\":
            position += 1
            char = text[position : position + 1]
            if char not in ("\n", ""):
                value.append(char)
                kept = len(value)
            begun = True
        elif begun or char not in " \t":
            value.append(char)
            begun = True
        position += 1
    return "".join(value[:kept]) + "".join(value[kept:]).rstrip(), position + 1


def _quoted(text: str, position: int, line: int) -> tuple[str, int]:
    """Return what stands between the quotes, and the position behind them."""
    quote, start = text[position], position
    value: list[str] = []
    position += 1
    while position < len(text) and text[position] != quote:
        if text[position] == "\\" and quote == '"':
            escaped = text[position + 1 : position + 2]
            if escaped != "\n":
                value.append(escaped if escaped in '"\\`$' else "\\" + escaped)
            position += 2
        else:
            value.append(text[position])
            position += 1
    if position >= len(text):
        raise ValueError(f"in line {line}: the quote {text[start]} is not closed")
    return "".join(value), position + 1
