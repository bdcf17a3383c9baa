"""The parts that all reports share."""

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from etl.reports.page import page, picture, table, write_atomically


def test_plain_text_is_escaped_everywhere() -> None:
    assert "<title>terrakin: a &lt; b</title>" in page("A < B", "")
    assert 'alt="a &quot;b&quot;"' in picture(Figure(), alt_text='a "b"')
    assert "<th>x &amp; y</th><td>&lt;1</td>" in table(["", "n"], [(["x & y", "<1"], False)])


def test_a_marked_row_is_highlighted_and_leading_cells_are_headings() -> None:
    text = table(["a", "b", "c"], [(["1", "2", "3"], True), (["4", "5", "6"], False)], n_names=2)
    assert '<tr class="marked"><th>1</th><th>2</th><td>3</td></tr>' in text
    assert "<tr><th>4</th><th>5</th><td>6</td></tr>" in text


def test_writing_replaces_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    for text in ("first", "second"):
        write_atomically(path, text)
        assert path.read_text() == text
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.html"
    write_atomically(path, "first")

    def fail(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError):
        write_atomically(path, "second")
    assert path.read_bytes() == b"first"
