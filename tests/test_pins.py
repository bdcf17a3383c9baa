"""The pinned packages run on the oldest Python that terrakin supports."""

from importlib.metadata import distributions

from packaging.specifiers import SpecifierSet

DEBIAN_12 = "3.11.2"
"""The Python of Debian 12. Some packages require a later patch release of 3.11."""


def test_every_package_runs_on_the_python_of_debian_12() -> None:
    wanted = {found.name: found.metadata.json.get("requires_python", "") for found in distributions()}
    assert len(wanted) > 100
    assert {name: python for name, python in wanted.items() if DEBIAN_12 not in SpecifierSet(python)} == {}
