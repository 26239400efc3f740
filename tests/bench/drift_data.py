"""Two samples of 20 columns that a drift test compares; also read by the peer, in an environment of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd

NUMBERS, LEVELS = 16, 4


def frame(rows: int, seed: int) -> pd.DataFrame:
    """16 columns of numbers, one of them with gaps, and 4 of categories."""
    stream = np.random.default_rng(seed)
    columns = {f"x{place}": pd.Series(stream.normal(size=rows)) for place in range(NUMBERS)}
    columns["x0"] = columns["x0"].mask(stream.random(rows) < 0.05)
    for place in range(LEVELS):
        codes = stream.integers(0, 5 + 5 * place, size=rows)
        columns[f"c{place}"] = pd.Series(pd.Categorical.from_codes(codes, [f"level {i}" for i in range(5 + 5 * place)]))
    return pd.DataFrame(columns)
