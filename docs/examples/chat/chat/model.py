"""A small language model: which word follows which two in the reference of Python."""

import asyncio
import random
import re
from collections.abc import AsyncIterator
from pydoc_data.topics import topics

from supervisord_lite.dirty import DirtyApp

WORDS = re.findall(r"[A-Za-z']+|[.,;:!?]", " ".join(topics.values()))
"""Read when the zygote imports this module, so that all workers share it."""


class Chat(DirtyApp):
    """Answers with text in the style of the reference, a token at a time."""

    def init(self) -> None:
        """Learn; takes a moment, once in each worker."""
        self.following: dict[tuple[str, str], list[str]] = {}
        for first, second, third in zip(WORDS, WORDS[1:], WORDS[2:], strict=False):
            self.following.setdefault((first.lower(), second.lower()), []).append(third)
        self.openings = list(self.following)

    async def generate(self, prompt: str, tokens: int = 60, pause: float = 0.02) -> AsyncIterator[str]:
        """Yield up to so many tokens, `pause` seconds apart as a larger model would need for each."""
        chance = random.Random(prompt)
        pair = self._opening(prompt, chance)
        yield pair[0].capitalize()
        yield " " + pair[1]
        for _ in range(tokens - 2):
            word = chance.choice(self.following.get(pair) or ["."])
            yield word if word in ".,;:!?" else f" {word}"
            pair = (pair[1], word.lower())
            await asyncio.sleep(pause)

    def knows(self, word: str) -> int:
        """Return how many pairs of words begin with this one."""
        return sum(first == word.lower() for first, _ in self.following)

    def _opening(self, prompt: str, chance: random.Random) -> tuple[str, str]:
        asked = [word.lower() for word in re.findall(r"[A-Za-z']+", prompt)]
        fitting = [pair for pair in self.openings if pair[0] in asked and pair[1].isalpha()]
        return chance.choice(fitting or self.openings)
