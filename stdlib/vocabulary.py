"""The words of the standard declarations that matter to the layout of a file, without the declarations.

Formatting needs no more, and importing all declarations would cost it more than its work. A test holds them equal.
"""

from mlopsc.compiler.syntax.vocabulary import Vocabulary

STANDARD = Vocabulary(
    kinds=frozenset(
        {
            "data",
            "environment",
            "metric",
            "monitor",
            "override",
            "pipeline",
            "release",
            "schema",
            "score",
            "test",
            "train",
        }
    ),
    clauses=frozenset(
        {
            "against",
            "alarms",
            "as",
            "assuming",
            "at",
            "because",
            "by",
            "do",
            "every",
            "lag",
            "missing",
            "otherwise",
            "over",
            "role",
            "within",
        }
    ),
    verbs=frozenset(
        {
            "check",
            "guard",
            "maximize",
            "minimize",
            "on",
            "require",
            "use",
            "waive",
            "watch",
        }
    ),
)
