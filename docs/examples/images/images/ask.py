"""Ask the service: `python -m images.ask PICTURE` writes a thumbnail and prints what looks like it."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from supervisord_lite.dirty import get_dirty_client

SERVICE = "images.service:Images"


def main() -> None:
    """Call two actions; the array travels as it is, its memory passed from process to process."""
    path = Path(sys.argv[1])
    client = get_dirty_client()
    path.with_suffix(".thumbnail.png").write_bytes(client.execute(SERVICE, "thumbnail", path.read_bytes()))
    for number, likeness in client.execute(SERVICE, "similar", np.asarray(Image.open(path).convert("RGB"))):
        print(f"{likeness:6.3f}  picture {number}")


if __name__ == "__main__":
    main()
