from dataclasses import dataclass, replace

from benchmarks.search.best import best_line, best_rows
from benchmarks.search.engines import Engine
from benchmarks.search.measuring import Line
from benchmarks.search.questions import Question


@dataclass
class Named:
    name: str
    build_s: float = 0
    insert_s: float = 0
    index_mib: float = 0

    def ask(self, row: int, question: Question) -> list[int] | None:
        return None

    def another_client(self) -> Engine:
        return self

    def close(self) -> None:
        pass


def line(name: str, recall: float, p50_ms: float) -> Line:
    return Line(Question("other cities"), Named(name), 20, 0, recall, 1, 1, p50_ms, p50_ms, p50_ms)


SETTINGS = [line("fast", 0.9, 1), line("good", 0.99, 2), line("better", 0.999, 4)]


def test_the_best_setting_is_the_fastest_of_at_least_equal_recall() -> None:
    assert best_line(SETTINGS, 0.98).engine.name == "good"


def test_without_equal_recall_the_best_setting_is_that_of_highest_recall() -> None:
    assert best_line(SETTINGS, 1).engine.name == "better"


def test_the_ratio_is_marked_where_the_peer_has_the_lower_recall() -> None:
    equal, lower = (list(best_rows([line("terrakin", recall, 6)], {"peer": SETTINGS}))[1] for recall in (0.99, 1))
    assert equal.endswith("3.00")
    assert lower.endswith("1.50<")


def test_a_question_that_a_peer_does_not_support_has_no_row() -> None:
    other = replace(SETTINGS[0], question=Question("50 km"))
    assert len(list(best_rows([line("terrakin", 1, 6)], {"peer": [other]}))) == 1
