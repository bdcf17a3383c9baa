"""docs/developer.md lists every package of ``etl`` with the sentence of its docstring."""

import ast
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]


def test_the_developer_page_has_the_docstring_of_every_package() -> None:
    page = (REPOSITORY / "docs" / "developer.md").read_text(encoding="utf-8")
    missing = []
    for path in sorted((REPOSITORY / "etl").glob("*/__init__.py")):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        sentence = docstring.splitlines()[0].replace("``", "`").rstrip(".").removesuffix(" (docs/evaluation.md)")
        if f"| `etl/{path.parent.name}/` | {sentence} |" not in page:
            missing.append((path.parent.name, sentence))
    assert missing == []
