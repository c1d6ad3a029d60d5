"""Frames of which some are read only when they are asked for.

Belongs here: putting off a reading that most refreshes never need. Does not belong here: what is read.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class FramesOnDemand(Mapping[str, pd.DataFrame]):
    """Frames by name: those at hand, and those that a reader fetches the first time they are looked up."""

    frames: dict[str, pd.DataFrame]
    readers: Mapping[str, Callable[[], pd.DataFrame]]

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return the frame, read if it has not been yet."""
        if name not in self.frames and name in self.readers:
            self.frames[name] = self.readers[name]()
        return self.frames[name]

    def __iter__(self) -> Iterator[str]:
        """Yield every name once."""
        return iter({**self.frames, **self.readers})

    def __len__(self) -> int:
        """Return how many frames there are."""
        return len({**self.frames, **self.readers})
