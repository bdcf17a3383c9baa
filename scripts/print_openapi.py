"""Print the API's OpenAPI document as JSON; needs no database."""

import json
import tempfile
from pathlib import Path

from db.settings import Settings
from webapp import create_app


def main() -> None:
    """Write the document to standard output."""
    with tempfile.TemporaryDirectory() as home:
        app = create_app(Settings(home=Path(home)))
        with app.app_context():
            print(json.dumps(app.spec, indent=2))


if __name__ == "__main__":
    main()
