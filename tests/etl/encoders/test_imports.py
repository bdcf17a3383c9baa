"""What importing the encoders loads."""

import subprocess
import sys

PROGRAM = """
import sys
import etl.vectors.aggregation, etl.encoders, etl.encoders.mosaiks, etl.encoders.terramind
print(sorted({"torch", "terratorch", "sklearn", "huggingface_hub"} & set(sys.modules)))
"""


def test_importing_the_encoders_does_not_import_torch() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
