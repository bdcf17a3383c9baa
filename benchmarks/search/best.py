"""The best search setting of each peer, beside terrakin."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.search.measuring import Line

HEAD = f"{'question':<20}{'peer':<12}{'best setting':<27}{'recall':>8}{'p50 ms':>8}{'p95 ms':>8}{'terrakin / peer':>17}"


def best_line(lines: Sequence[Line], recall: float) -> Line:
    """Return the fastest line with at least this recall, else the line with the highest recall."""
    good = [line for line in lines if line.recall >= recall]
    return min(good, key=lambda line: line.p50_ms) if good else max(lines, key=lambda line: line.recall)


def best_rows(own: Sequence[Line], peers: Mapping[str, Sequence[Line]]) -> Iterator[str]:
    """Return a row for each question and peer; the ratio is followed by `<` if the peer has the lower recall."""
    for mine in own:
        yield f"{mine.question.name:<20}{'terrakin':<39}{mine.recall:>8.4f}{mine.p50_ms:>8.2f}{mine.p95_ms:>8.2f}"
        for peer, lines in peers.items():
            asked = [line for line in lines if line.question == mine.question]
            if asked:
                best = best_line(asked, mine.recall)
                is_lower = "<" if best.recall < mine.recall else ""
                yield (
                    f"{'':<20}{peer:<12}{best.engine.name:<27}{best.recall:>8.4f}{best.p50_ms:>8.2f}{best.p95_ms:>8.2f}"
                    f"{mine.p50_ms / best.p50_ms:>16.2f}{is_lower}"
                )
