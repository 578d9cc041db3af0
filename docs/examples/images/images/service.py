"""What the workers do: thumbnails with Pillow, search with numpy."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from supervisord_lite.dirty import DirtyApp

from . import catalogue


class Images(DirtyApp):
    """Stateless but for what it shares."""

    def thumbnail(self, picture: bytes, longest: int = 128) -> bytes:
        """Return the picture, its longest side so many pixels, as PNG."""
        with Image.open(io.BytesIO(picture)) as image:
            image.thumbnail((longest, longest))
            out = io.BytesIO()
            image.save(out, "PNG")
        return out.getvalue()

    def embed(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """Return the vector of a picture given as an array, height x width or height x width x 3."""
        grey = pixels.mean(axis=2) if pixels.ndim == 3 else pixels
        small = Image.fromarray(grey.astype(np.uint8)).resize((catalogue.SIDE, catalogue.SIDE))
        vector = np.asarray(small, dtype=np.float32).ravel()
        vector -= vector.mean()
        return vector / (np.linalg.norm(vector) or 1.0)

    def similar(self, pixels: NDArray[Any], count: int = 5) -> list[tuple[int, float]]:
        """Return the numbers of the pictures most like this one, each with its likeness from -1 to 1."""
        likeness = catalogue.VECTORS @ self.embed(pixels)
        best = np.argsort(likeness)[::-1][:count]
        return [(int(number), float(likeness[number])) for number in best]

    def loaded_by(self) -> int:
        """Return the process that made the catalogue."""
        return catalogue.LOADED_BY
