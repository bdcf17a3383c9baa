"""The documentation: its lines, links, paths and commands."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from terrakin import cli

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(
    path
    for path in (*ROOT.glob("*.md"), *DOCS.glob("*.md"), *ROOT.glob("sql/*.md"), *ROOT.glob("etl/**/*.md"))
    if "node_modules" not in path.parts
)
WRAPPED = [path for path in PAGES if path.parent in (ROOT, DOCS)]
MAX_LINE = 120
MAX_README_LINES = 100
FOLDERS = ("benchmarks", "db", "deploy", "docs", "etl", "scripts", "sql", "tests", "webapp")
BUILT = "webapp/static"
PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]+")
MARKDOWN = MarkdownIt("commonmark").enable("table")


def tokens(path: Path) -> Iterator[Token]:
    """Yield block tokens and the inline tokens in them."""
    for token in MARKDOWN.parse(path.read_text(encoding="utf-8")):
        yield token
        yield from token.children or ()


def code(path: Path) -> Iterator[str]:
    """Yield inline code, and each line of code blocks with continued lines joined."""
    for token in tokens(path):
        if token.type == "code_inline":
            yield token.content.replace("\n", " ")
        elif token.type == "fence":
            yield from re.sub(r"\\\n\s*", " ", token.content).splitlines()


def unwrappable(path: Path) -> set[int]:
    """Return the numbers (from 0) of lines in code blocks and tables."""
    numbers: set[int] = set()
    for token in MARKDOWN.parse(path.read_text(encoding="utf-8")):
        if token.type in ("fence", "table_open") and token.map:
            numbers.update(range(*token.map))
    return numbers


def is_one_link(line: str) -> bool:
    """Tell whether a line is a single picture, link or URL, which Markdown cannot break."""
    return re.fullmatch(r"\s*([-*] )?(!?\[[^\]]*\]\(\S+\)|<?https?://\S+)[.,;:]?", line) is not None


def targets(path: Path) -> Iterator[str]:
    """Yield the destinations of links and pictures."""
    for token in tokens(path):
        target = token.attrs.get("href") or token.attrs.get("src")
        if target:
            yield str(target)


def anchors(path: Path) -> set[str]:
    """Return the fragments by which GitHub links to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def words(line: str) -> list[str]:
    """Return the words of a shell command up to a comment, pipe or unclosed quote; a quoted text is one word."""
    return re.split(r"[\"'#|;&]", re.sub(r"\"[^\"]*\"|'[^']*'", "QUOTED", line))[0].split()


def unknown_part(line: str) -> str | None:
    """Return the first sub-command or long option in a command ``terrakin ...`` that does not exist."""
    command: click.Command = cli
    for word in words(line)[1:]:
        if word.startswith("--"):
            if word.rstrip(",.:").partition("=")[0] not in long_options(command):
                return word
        elif isinstance(command, click.Group):
            if not re.fullmatch(r"[a-z][a-z-]*", word):
                return None  # a placeholder, such as "..." or COMMAND
            found = command.get_command(click.Context(command), word)
            if found is None:
                return word
            command = found
    return None


def long_options(command: click.Command) -> set[str]:
    """Return the long options of a command, with their negative forms."""
    return {"--help"} | {name for option in command.params for name in (*option.opts, *option.secondary_opts)}


@pytest.mark.parametrize("path", WRAPPED, ids=lambda path: path.name)
def test_no_line_of_text_is_longer_than_120_characters(path: Path) -> None:
    exempt = unwrappable(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert not [
        f"{path.name}:{number + 1}: {len(line)}"
        for number, line in enumerate(lines)
        if len(line) > MAX_LINE and number not in exempt and not is_one_link(line)
    ]


def test_the_readme_has_at_most_100_lines_none_too_long() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MAX_README_LINES
    assert max(map(len, lines)) <= MAX_LINE


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file_and_heading(path: Path) -> None:
    broken = []
    for target in targets(path):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, fragment = target.partition("#")
        file = (path.parent / name) if name else path
        if not file.exists() or (fragment and file.suffix == ".md" and fragment not in anchors(file)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("path", WRAPPED, ids=lambda path: path.name)
def test_every_path_named_in_code_exists(path: Path) -> None:
    named = {found.rstrip(".,/") for text in code(path) for found in re.findall(rf"(?<![\w./-]){PATH.pattern}", text)}
    assert not [name for name in sorted(named) if not name.startswith(BUILT) and not (ROOT / name).exists()]


@pytest.mark.parametrize("path", WRAPPED, ids=lambda path: path.name)
def test_every_name_said_to_be_in_a_file_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    claims = re.findall(rf"`(\w+)`\s+(?:in|of)\s+`({PATH.pattern})`", text)
    files = [(name, ROOT / file) for name, file in claims if (ROOT / file).is_file()]
    assert not [name for name, file in files if not re.search(rf"\b{name}\b", file.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_target_named_in_code_exists(path: Path) -> None:
    existing = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for text in code(path) for target in re.findall(r"^\s*make ([a-z][a-z-]*)", text)}
    assert named <= existing


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_terrakin_command_named_in_code_exists_with_its_options(path: Path) -> None:
    commands = [text.strip() for text in code(path) if re.match(r"\s*terrakin( |$)", text)]
    assert not [(text, part) for text in commands if (part := unknown_part(text))]


def test_the_citation_file_has_what_cff_requires() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert {"cff-version", "message", "title", "authors"} <= set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    assert "license: Apache-2.0\n" in text
