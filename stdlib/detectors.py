"""Detectors of alibi-detect, for `watch stable(…, detector = alibi.…)`.

Only their names and parameters stand here; the extra `[alibi]` brings what runs them.
"""

from typing import ClassVar, Literal

from mlopsc.compiler.schema.declarations import setting
from mlopsc.compiler.schema.types import Share
from mlopsc.stdlib.monitor import Detector


class AlibiDetector(Detector):
    """A test of alibi-detect; `takes` are the kinds of columns that it can compare."""

    takes: ClassVar[tuple[str, ...]] = ("number", "category", "truth")


class AlibiColumnwise(AlibiDetector):
    """A test of one column after the other."""

    correction: Literal["bonferroni", "fdr"] = setting(
        "How the columns' tests become one verdict: Bonferroni's bound, or the false discovery rate.", "bonferroni"
    )


class AlibiKolmogorovSmirnov(AlibiColumnwise, word="alibi.ks"):
    """Kolmogorov-Smirnov test of each column of numbers, by alibi-detect.

    It comes with `pip install "mlopsc[run,alibi]"` and judges rows as independent of each other. alibi-detect's licence
    (Business Source License 1.1) asks most users for a commercial licence in production.
    """

    takes = ("number", "truth")


class AlibiCramerVonMises(AlibiColumnwise, word="alibi.cvm"):
    """Cramér-von Mises test of each column of numbers, by alibi-detect: it sees small changes everywhere.

    It comes with `pip install "mlopsc[run,alibi]"` and judges rows as independent of each other. alibi-detect's licence
    (Business Source License 1.1) asks most users for a commercial licence in production.
    """

    takes = ("number", "truth")


class AlibiChiSquared(AlibiColumnwise, word="alibi.chi2"):
    """Chi-squared test of each column of categories, by alibi-detect.

    It comes with `pip install "mlopsc[run,alibi]"` and judges rows as independent of each other. alibi-detect's licence
    (Business Source License 1.1) asks most users for a commercial licence in production.
    """

    takes = ("category", "truth")


class AlibiTabular(AlibiColumnwise, word="alibi.tabular"):
    """Kolmogorov-Smirnov test of numbers and chi-squared test of categories, by alibi-detect.

    It comes with `pip install "mlopsc[run,alibi]"` and judges rows as independent of each other. alibi-detect's licence
    (Business Source License 1.1) asks most users for a commercial licence in production.
    """


class AlibiFisher(AlibiColumnwise, word="alibi.fet"):
    """Fisher's exact test of each column of truth values, by alibi-detect; such columns have no missing values.

    It comes with `pip install "mlopsc[run,alibi]"` and judges rows as independent of each other. alibi-detect's licence
    (Business Source License 1.1) asks most users for a commercial licence in production.
    """

    takes = ("truth",)


class AlibiClassifier(AlibiDetector, word="alibi.classifier"):
    """Whether gradient-boosted trees can tell the window from its reference, on rows held out, by alibi-detect.

    It sees changes of how columns go together, which no test of single columns can. It comes with
    `pip install "mlopsc[run,alibi]"` and judges rows as independent of each other. alibi-detect's licence (Business
    Source License 1.1) asks most users for a commercial licence in production.
    """

    trained_on: Share = setting("The share of the rows that the trees learn from.", 0.5, gt=0, lt=1)
    seed: int = setting("Another seed holds out other rows.", 0, ge=0)


class AlibiOnlineCramerVonMises(AlibiDetector, word="alibi.cvm_online"):
    """Cramér-von Mises test at each row of the window in turn, by alibi-detect: it sees short changes.

    Where the window has more rows than the level can be kept for, it looks at rows evenly spread over it. It comes
    with `pip install "mlopsc[run,alibi]"` and judges rows as independent of each other. alibi-detect's licence
    (Business Source License 1.1) asks most users for a commercial licence in production.
    """

    takes = ("number",)
    seed: int = setting("Another seed simulates other thresholds.", 0, ge=0)


class AlibiOnlineFisher(AlibiDetector, word="alibi.fet_online"):
    """Fisher's exact test at each row of the window in turn, by alibi-detect, of columns of truth values.

    Where the window has more rows than the level can be kept for, it looks at rows evenly spread over it. It comes
    with `pip install "mlopsc[run,alibi]"` and judges rows as independent of each other. alibi-detect's licence
    (Business Source License 1.1) asks most users for a commercial licence in production.
    """

    takes = ("truth",)
    seed: int = setting("Another seed simulates other thresholds.", 0, ge=0)
