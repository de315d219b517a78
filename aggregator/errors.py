"""Everything this package raises on purpose.

AggregatorError          the root: one readable sentence, shown to the operator as it is
├── ConfigError          feeds.yaml or the environment is not usable; holds every finding
├── NotAFeed             a document that is no feed, and why
├── StoreError           the database refused or cannot be reached
│   └── NotFound         an id that the store does not hold
├── TemplateError        a template (ours or the operator's) that cannot be rendered
└── Stopped              the program ends; what was under way is given up

Expected failures (a 404, a refused recipient) are values in `model`, not exceptions.
"""


class AggregatorError(Exception):
    """The root of all errors that the caller must not go on with."""


class ConfigError(AggregatorError):
    """The configuration cannot be used. `findings` holds one line for each fault."""

    def __init__(self, findings: tuple[str, ...]) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings


class NotAFeed(AggregatorError):
    """A document that holds no feed."""


class StoreError(AggregatorError):
    """The database refused, or cannot be reached."""


class NotFound(StoreError):
    """An id that the store does not hold."""


class Stopped(AggregatorError):
    """The program ends, and what was under way is given up. Nothing is to be written about it."""


class TemplateError(AggregatorError):
    """A template that cannot be rendered; names the file and the line."""
