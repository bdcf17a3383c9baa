"""What other sites show of a permalink: title, description and picture."""

import io
import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from PIL import Image

from tests.builders.towns import TOWNS, TownDatabase
from webapp import create_app
from webapp.database import EXTENSION
from webapp.pages.routes import STATIC

built = pytest.mark.skipif(not (STATIC / "index.html").is_file(), reason="not built: run scripts/build_frontend.sh")


def head(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    text = answer.get_data(as_text=True)
    answer.close()
    return text[: text.index("</head>")]


@built
@pytest.mark.parametrize("question", ["tile={tile_id}", "unit=block&block={block_id}"])
def test_a_permalink_has_the_title_and_picture_of_its_place(client: FlaskClient, tile_id: int, question: str) -> None:
    found = head(client, f"/?{question.format(tile_id=tile_id, block_id=tile_id << 6)}")
    assert f"<title>Places that look like {TOWNS[0].name}</title>" in found
    assert f'<meta property="og:title" content="Places that look like {TOWNS[0].name}" />' in found
    assert "a synthetic town" in found
    (picture,) = re.findall(r'property="og:image" content="([^"]+)"', found)
    assert picture == f"http://localhost/share/{tile_id}.jpg"
    image = Image.open(io.BytesIO(client.get(picture.removeprefix("http://localhost")).data))
    assert (image.format, image.size) == ("JPEG", (1200, 630))
    # Seven pictures on an empty background: more colours than one.
    assert len(image.getcolors(2**24) or []) > 100


@built
@pytest.mark.parametrize("question", ["", "?tile=1", "?tile=abc", "?tile=99999999999999999999", "?q=<script>"])
def test_other_addresses_have_the_title_of_the_page(client: FlaskClient, question: str) -> None:
    found = head(client, f"/{question}")
    assert "<title>terrakin: places that look alike</title>" in found
    assert "og:image" not in found


@built
def test_a_name_cannot_add_markup(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    place = {"city": 'A"><script>', "country": "B", "is_synthetic": False, "has_thumbnail": False}
    monkeypatch.setattr("webapp.pages.sharing.database", lambda: type("D", (), {"row": lambda *_: place})())
    found = head(client, "/?tile=5")
    assert "A&#34;&gt;&lt;script&gt;" in found
    assert "og:image" not in found


@built
def test_the_page_comes_without_a_database_too(towns: TownDatabase) -> None:
    app = create_app(replace(towns.settings, reader_url="postgresql://terrakin_reader@127.0.0.1:1/none"))
    assert "<title>terrakin: places that look alike</title>" in head(app.test_client(), "/?tile=5")
    app.extensions[EXTENSION].close()


@pytest.mark.parametrize("path", ["1.jpg", "99999999999999999999.jpg", "x.jpg"])
def test_a_tile_that_does_not_exist_has_no_picture(client: FlaskClient, path: str) -> None:
    assert client.get(f"/share/{path}").status_code == 404
