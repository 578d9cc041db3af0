"""The pages under docs/ hold together: links, the index, and the names that they share with the code."""

import re
from pathlib import Path

import pytest

from supervisord_lite.control.requests import COMMANDS
from supervisord_lite.supervise import environment

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return FENCE.sub("", page.read_text())


def anchors(page: Path) -> set[str]:
    """What can follow # in a link to the page, as GitHub and most renderers make it from headings."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Each link inside the project names a file that exists, and a heading that it has."""
    for target, anchor in LINK.findall(prose(page)):
        if "://" in target:
            continue
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{target} does not exist"
        if anchor and found.suffix == ".md":
            assert anchor[1:] in anchors(found), f"{found.name} has no heading for {anchor}"


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_the_index_lists_every_page(page: Path) -> None:
    """Whoever starts at the index finds every page."""
    assert page.name == "index.md" or f"]({page.name})" in (DOCS / "index.md").read_text()


@pytest.mark.parametrize("decision", sorted(DOCS.glob("adr/0*.md")), ids=lambda page: page.name)
def test_every_decision_is_listed(decision: Path) -> None:
    """The list of decisions has each of them."""
    assert f"]({decision.name})" in (DOCS / "adr" / "README.md").read_text()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_request_is_explained(command: str) -> None:
    """Each command of the control socket is in a heading of its page, with an example."""
    page = (DOCS / "control-protocol.md").read_text()

    assert re.search(rf"^### .*\b{command}\b", page, re.MULTILINE)
    assert f'{{"cmd": "{command}"' in page


def test_every_code_of_a_refusal_is_explained() -> None:
    """Each word that the daemon gives as a code has a row."""
    sources = [
        *(ROOT / "supervisord_lite" / "control").glob("*.py"),
        *(ROOT / "supervisord_lite" / "daemon").glob("*.py"),
    ]
    text = "".join(source.read_text() for source in sources if source.name != "client.py")
    used = set(
        re.findall(
            r'(?:RequestRefused|refuse|_refuse_when_asked|_reply)\((?:[^()]|\([^()]*\))*?"(\w+)"\s*(?:\)|,\s*\*\*)',
            text,
        )
    )
    page = (DOCS / "control-protocol.md").read_text()

    assert used >= {"bad_request", "unknown_program", "shutting_down", "too_large", "forbidden"}
    assert [code for code in used if f"| `{code}` |" not in page] == []


@pytest.mark.parametrize("variable", sorted(environment.PRIVATE))
def test_every_private_variable_is_named(variable: str) -> None:
    """The page on systemd names each variable that programs do not get."""
    assert f"`{variable}`" in (DOCS / "systemd.md").read_text()
