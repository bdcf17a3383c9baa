import tarfile
from pathlib import Path

import click
import pytest

from benchmarks.search.vectorchord import unpack_vectorchord


@pytest.fixture
def extension(tmp_path: Path) -> Path:
    folder = tmp_path / "extension"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "vchord.so").write_bytes(b"library")
    (folder / "vchord--1.0.0.sql").write_text("SELECT 1")
    return folder


def test_an_archive_and_its_unpacked_folder_give_the_same_files(extension: Path, tmp_path: Path) -> None:
    archive = tmp_path / "extension.tar.xz"
    with tarfile.open(archive, "w:xz") as tar:
        tar.add(extension, "extension")
    for number, source in enumerate([extension, archive]):
        target = tmp_path / str(number)
        target.mkdir()
        found = unpack_vectorchord(source, target)
        assert (found.library.read_bytes(), found.script) == (b"library", "SELECT 1")
        assert found.library.is_relative_to(target)
        assert found.library.stat().st_mode & 0o777 == 0o755


def test_a_folder_without_the_library_is_refused(extension: Path, tmp_path: Path) -> None:
    (extension / "lib" / "vchord.so").unlink()
    with pytest.raises(click.BadParameter) as refused:
        unpack_vectorchord(extension, tmp_path)
    assert refused.value.param_hint == "--vectorchord"
    assert "vchord.so" in refused.value.message


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.tar").write_text("text")
    with pytest.raises(click.BadParameter) as refused:
        unpack_vectorchord(tmp_path / "text.tar", tmp_path)
    assert "text.tar" in refused.value.message
