"""Writes the SQL and Python that list the arguments of a search, from ``sql/search.toml``.

``--check`` writes nothing and exits with 1 if a file is stale.
"""

import sys
import textwrap
import tomllib
from pathlib import Path
from string import Template
from typing import Any

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "sql" / "search.toml"
MARK = "Generated from sql/search.toml by scripts/generate_search.py: do not edit."
WIDTH = 120

Entry = dict[str, Any]

MATCH = Template("""\
-- $mark
CREATE TYPE internal.match AS (
$columns
);

COMMENT ON TYPE internal.match IS 'A tile or block found by a search: the columns of every search for similar ones.';
$comments
""")

FILTERS = Template("""\
-- $mark
CREATE TYPE internal.search_filters AS (
$columns
);

COMMENT ON TYPE internal.search_filters IS
'Arguments of every search for similar tiles or blocks. NULL means no filter.';
$comments
""")

DEFAULTS = Template("""\
-- $mark
-- requires: types/search_filters.sql
CREATE OR REPLACE FUNCTION internal.default_filters()
RETURNS internal.search_filters
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = public, pg_temp
AS $$$$
    SELECT ROW(
$values
    )::internal.search_filters;
$$$$;

COMMENT ON FUNCTION internal.default_filters IS
'Return the default arguments of every search for similar tiles or blocks.';
""")

SEARCH = Template("""\
-- $mark
$requires
CREATE OR REPLACE FUNCTION api.$name(
$arguments
)
RETURNS TABLE (
$columns
)
LANGUAGE plpgsql STABLE PARALLEL SAFE
ROWS 20
SET search_path = public, pg_temp
AS $$$$
BEGIN
    method := coalesce(method, internal.default_method($unit));
    RETURN QUERY
    SELECT s.*
    FROM internal.search(
        $anchor,
        ROW(
$values
        )::internal.search_filters
    ) AS s;
END;
$$$$;

COMMENT ON FUNCTION api.$name IS
'$comment';
""")

MODEL = Template('''\
# $mark
"""The filters of the searches for similar tiles and blocks, as fields of the web API."""

from typing import ClassVar

from pydantic import Field

from webapp.api.models.fields import Method, Origin, Query, Unit
from webapp.api.models.search_fields import Area, CityIds, Codes, Period

FIND_ARGUMENTS = """
$arguments
"""
"""The filters of api.find, as SQL takes them from these fields."""


class FindFilters(Query):
    """The filters of api.find."""

$find_fields


class Filters(Query):
    """How matches are ranked and which tiles may be found: the fields that all searches share."""

    kind: ClassVar[str]

$fields
''')
FROM_API = {"geometry": "ST_GeomFromGeoJSON(%({0})s)", "daterange": "internal.days_of(%({0})s)"}
"""How fields of the web API become arguments, by the type of these; others are cast."""

REFERENCE = "The other arguments and the columns are those of api.similar_tiles."


def main() -> int:
    """Write what is stale, or with ``--check`` only report it."""
    stale = [path for path, text in render().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run scripts/generate_search.py", file=sys.stderr)
        return 1 if stale else 0
    for path in stale:
        path.write_text(render()[path])
        print(path.relative_to(ROOT))
    return 0


def render() -> dict[Path, str]:
    """Return the text of every generated file."""
    source = tomllib.loads(SOURCE.read_text())
    filters, columns, sql = source["filters"], source["columns"], ROOT / "sql"
    guide, find = ROOT / "docs" / "analyst.md", sql / "functions" / "find.sql"
    without = source["find"]["without"]
    found = [f for f in filters if f["name"] not in without]
    values = [without.get(f["name"], f"find.{f['name']}") for f in filters]
    find_lists = {
        "arguments": _definitions([{**f, "is_optional": True} for f in found]),
        "values": _filled(12, values),
    }
    return {
        sql / "types" / "match.sql": _type(MATCH, "match", columns),
        sql / "types" / "search_filters.sql": _type(FILTERS, "search_filters", filters),
        sql / "internal" / "default_filters.sql": DEFAULTS.substitute(
            mark=MARK, values=_filled(8, [_literal(f) for f in filters])
        ),
        **{sql / "functions" / f"{s['name']}.sql": _search(s, filters, columns) for s in source["searches"]},
        ROOT / "webapp" / "api" / "models" / "search_filters.py": MODEL.substitute(
            mark=MARK,
            fields="\n".join(map(_field, filters)),
            find_fields="\n".join(_field(_meaning(f, source["find"]["meanings"])) for f in found),
            arguments=",\n".join(f"    {_passed(f)}" for f in found),
        ),
        find: _with_lists(find.read_text(), find_lists, "    -- {} of sql/search.toml", "    -- end of {}"),
        guide: _with_lists(
            guide.read_text(),
            {"filters": _list(filters, "`"), "columns": _list(columns, "`")},
            "<!-- {} of sql/search.toml -->",
            "<!-- end of {} -->",
        ),
    }


def _type(template: Template, name: str, entries: list[Entry]) -> str:
    comments = []
    for entry in entries:
        head = f"COMMENT ON COLUMN internal.{name}.{entry['name']} IS"
        line = f"{head} {_quoted(entry['meaning'] + '.')};"
        comments.append(line if len(line) <= WIDTH else line.replace(f"{head} ", f"{head}\n"))
    return template.substitute(mark=MARK, columns=_definitions(entries), comments="\n".join(comments))


def _search(search: Entry, filters: list[Entry], columns: list[Entry]) -> str:
    without = search.get("without", {})
    shared = [f for f in filters if f["name"] not in without]
    own, more = search["arguments"], [{**a, "is_optional": True} for a in search.get("more_arguments", [])]
    arguments = [*own, *({**f, "is_optional": True} for f in shared), *more]
    return SEARCH.substitute(
        mark=MARK,
        requires="\n".join(f"-- requires: {name}" for name in _required(search["anchor"])),
        name=search["name"],
        unit=without.get("unit", "unit"),
        arguments=_definitions(arguments),
        columns=_definitions(columns),
        anchor=search["anchor"],
        values=_filled(12, [without.get(f["name"], f["name"]) for f in filters]),
        comment=_comment(search, shared, columns).replace("'", "''"),
    )


def _required(anchor: str) -> list[str]:
    """Return the files of the objects that a search is built from."""
    function = anchor.split("(")[0].removeprefix("internal.")
    maker = "types/search_anchor.sql" if function == "ROW" else f"internal/{function}.sql"
    return sorted([maker, "internal/default_method.sql", "internal/search.sql", "types/search_filters.sql"])


def _comment(search: Entry, filters: list[Entry], columns: list[Entry]) -> str:
    text = "\n".join(textwrap.fill(line, WIDTH - 2) for line in search["comment"].strip().splitlines())
    if not search.get("explains_filters"):
        return f"{text}\n{REFERENCE}"
    return f"{text}\n\nArguments of every search (NULL: no filter):\n{_list(filters)}\n\nColumns:\n{_list(columns)}"


def _list(entries: list[Entry], quote: str = "") -> str:
    """Return a Markdown list of names and meanings."""
    items = [f"- {quote}{e['name']}{quote}: {e['meaning']}." for e in entries]
    return "\n".join(textwrap.fill(item, WIDTH - 2, subsequent_indent="  ") for item in items)


def _definitions(entries: list[Entry]) -> str:
    """Return the lines of a list of arguments or columns."""
    return ",\n".join(f"    {e['name']} {e['type']}{_default(e)}" for e in entries)


def _default(entry: Entry) -> str:
    is_argument = entry.get("is_optional") or ("default" in entry and "meaning" not in entry)
    return f" DEFAULT {_literal(entry)}" if is_argument else ""


def _literal(entry: Entry) -> str:
    """Return a default as SQL."""
    value = entry.get("default")
    if value is None:
        return "NULL"
    return str(value).lower() if isinstance(value, bool) else _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _filled(indent: int, values: list[str]) -> str:
    """Return values separated by commas, in as few lines as they need."""
    margin = " " * indent
    return textwrap.fill(", ".join(values), WIDTH, initial_indent=margin, subsequent_indent=margin)


def _field(entry: Entry) -> str:
    """Return a filter as a field of the API's model."""
    api = entry["api"]
    is_optional = "default" not in entry
    default = "None" if is_optional else repr(entry["default"]).replace("'", '"')
    limits = "".join(f", {name}={api[name]}" for name in ("ge", "le") if name in api)
    meaning = api.get("meaning", entry["meaning"]) + "."
    head = f"    {entry['name']}: {api['type']}{' | None' if is_optional else ''} = Field("
    line = f'{head}{default}{limits}, description="{meaning}")'
    if len(line) <= WIDTH:
        return line
    inner = f'        {default}{limits}, description="{meaning}"'
    if len(inner) <= WIDTH:
        return f"{head}\n{inner}\n    )"
    arguments = [default, *limits.removeprefix(", ").split(", ")] if limits else [default]
    lines = "".join(f"        {argument},\n" for argument in arguments)
    return f'{head}\n{lines}        description="{meaning}",\n    )'


def _meaning(entry: Entry, meanings: dict[str, str]) -> Entry:
    """Return a filter with another meaning in the API, if it has one."""
    meaning = meanings.get(entry["name"])
    return entry if meaning is None else {**entry, "api": {**entry["api"], "meaning": meaning}}


def _passed(entry: Entry) -> str:
    """Return a field of the web API as an argument of a SQL function."""
    value = FROM_API.get(entry["type"], f"%({{0}})s::{entry['type']}").format(entry["name"])
    return f"{entry['name']} => {value}"


def _with_lists(text: str, lists: dict[str, str], first: str, last: str) -> str:
    """Return a text with the lists, by name, between its markers, whose names stand in place of {}, written again."""
    for name, lines in lists.items():
        begin, end = first.format(name), last.format(name)
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{lines}\n{end}{rest.partition(end)[2]}"
    return text


if __name__ == "__main__":
    sys.exit(main())
