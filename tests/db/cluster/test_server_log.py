"""The reason of a failure, taken from PostgreSQL's output."""

from pathlib import Path

from db.cluster.server_log import cause, log_since


def test_the_cause_is_the_first_error_with_the_lines_around_it() -> None:
    lines = ["start", "before", "LOG:  x", "FATAL:  no space", "DETAIL:  disk", "later", "ERROR:  second"]
    assert cause("\n".join(lines)) == "LOG:  x | FATAL:  no space | DETAIL:  disk"


def test_without_an_error_the_cause_is_the_end_of_the_output() -> None:
    assert cause("\n".join("abcdefg")) == "c | d | e | f | g"


def test_only_what_was_added_to_a_log_is_read(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert log_since(path, 0) == ""
    path.write_text("old\nnew\n")
    assert log_since(path, 4) == "new\n"
