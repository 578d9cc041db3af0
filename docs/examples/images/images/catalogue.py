"""The pictures that there are, each as one vector: 20,000 of them in 80 MB.

Made from noise here, so that the example needs no download; a real one would np.load() its file. Imported by
the zygote, it is shared by everything that is forked from it.
"""

import os

import numpy as np

SIDE = 32
"""Pixels along each side of the grey miniature whose values are the vector."""

_noise = np.random.default_rng(7)
VECTORS = _noise.standard_normal((20_000, SIDE * SIDE), dtype=np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
LOADED_BY = os.getpid()
