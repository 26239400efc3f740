"""The table that `init` begins with when it is given none."""

from __future__ import annotations

from importlib.resources import files

from mlopsc.compiler.scaffold.guesses import Baseline, ColumnGuess, TableGuess

PATH = "data/tumours.csv"

_MEASURED = ("radius", "texture", "perimeter", "area")
_SHARES = ("smoothness", "compactness", "concavity", "concave_points", "symmetry", "fractal_dimension")

GUESS = TableGuess(
    rows=569,
    columns=(
        *(ColumnGuess(name, "float", "0..") for name in _MEASURED),
        *(ColumnGuess(name, "float", "0..1") for name in _SHARES),
        ColumnGuess("malignant", "bool"),
    ),
    target="malignant",
    task="binary",
    baseline=Baseline("accuracy", 0.6274, "71%", "always answering `0` is right in 63% of the rows"),
)

LICENCE = """\
# tumours.csv

Measurements of 569 cell nuclei: the mean values of ten properties, and whether the tumour was malignant.

- Source: *Breast Cancer Wisconsin (Diagnostic)*, W. Wolberg, O. Mangasarian, N. Street and W. Street (1995), UCI
  Machine Learning Repository; the columns of means, and the diagnosis as 1 for malignant.
- Licence of the data: Creative Commons Attribution 4.0 International (CC BY 4.0),
  <https://creativecommons.org/licenses/by/4.0/>.
"""


def rows() -> str:
    """The table as CSV."""
    return files("mlopsc.compiler.scaffold").joinpath("templates", "tumours.csv").read_text(encoding="utf-8")
