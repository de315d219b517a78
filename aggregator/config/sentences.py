"""Validation errors -> plain sentences. The only module that knows pydantic's words.

Values are repeated so that the operator finds them, except where a password may stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from aggregator.config.document import Document, Fault, Where
from aggregator.rules import Configuration, FeedEntry

_HIDDEN: frozenset[Where] = frozenset(
    {
        (),
        ("mail",),
        ("mail", "url"),
        ("bounces",),
        ("bounces", "mailbox"),
        ("bounces", "hook_token"),
        ("storage",),
        ("storage", "database_url"),
    }
)

_PLAIN = {
    "string_type": "expected a text",
    "int_type": "expected a whole number",
    "int_parsing": "expected a whole number",
    "int_parsing_size": "expected a smaller whole number",
    "int_from_float": "expected a whole number",
    "float_type": "expected a number",
    "float_parsing": "expected a number",
    "finite_number": "expected a number",
    "bool_type": "expected true or false",
    "bool_parsing": "expected true or false",
    "tuple_type": 'expected a list, each line beginning with "- "',
    "model_type": 'expected "key: value" lines',
    "model_attributes_type": 'expected "key: value" lines',
}
_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"),
    "less_than": ("less than", "lt"),
}
_PATTERNS = {
    "id": "expected a short name of a-z, 0-9 and -, at most 64 characters",
    "language": 'expected a language code such as "ko", "en" or "zh"',
}


def faults(
    error: ValidationError, document: Document, root: type[BaseModel] = Configuration
) -> tuple[Fault, ...]:
    """One fault for each error, at its line. `root`: what the document was read as."""
    found = []
    for details in error.errors(include_url=False):
        where: Where = tuple(details["loc"])
        found.append(
            Fault(line=document.line(where), where=where, what=sentence(details, where, root))
        )
    return tuple(found)


def sentence(details: ErrorDetails, where: Where, root: type[BaseModel] = Configuration) -> str:
    """What is wrong, without the place."""
    kind, value = details["type"], details["input"]
    if kind == "extra_forbidden":
        return _unknown(where, root)
    if kind == "missing":
        return "missing, every feed needs it" if where[:1] == ("feeds",) else "missing"
    return _expected(details, where) + _got(value, where, root)


def _expected(details: ErrorDetails, where: Where) -> str:
    kind, limits = details["type"], details.get("ctx", {})
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind in _LIMITS:
        words, name = _LIMITS[kind]
        return f"expected {words} {limits[name]:g}"
    if kind == "literal_error":
        return _one_of(str(limits["expected"]), details["input"])
    if kind == "string_too_short":
        return "expected a text that is not empty"
    if kind == "string_too_long":
        return f"expected at most {limits['max_length']} characters"
    if kind == "string_pattern_mismatch":
        return _PATTERNS.get(str(where[-1]), f"expected a text of the form {limits['pattern']}")
    said = details["msg"].removeprefix("Value error, ")
    return said[:1].lower() + said[1:]


def _one_of(expected: str, value: Any) -> str:
    choices = re.findall(r"'([^']+)'", expected)
    near = get_close_matches(str(value).lower(), choices, n=1, cutoff=0.7)
    if near:
        return f'expected another word (did you mean "{near[0]}"?)'
    return f"expected one of {', '.join(choices)}"


def _got(value: Any, where: Where, root: type[BaseModel]) -> str:
    if where in _HIDDEN:
        return ""
    unquoted = isinstance(value, int | float) and _wants_text(where, root)
    return f", got {shown(value)}{' (put it in quotes)' if unquoted else ''}"


def _wants_text(where: Where, root: type[BaseModel]) -> bool:
    model = _model(where[:-1], root)
    field = model.model_fields.get(str(where[-1])) if model and where else None
    return field is not None and field.annotation is str


def shown(value: Any) -> str:
    """The value as one short line; what may be a password is left out."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str():
            text = re.sub(r"\s+", " ", value)
            if "//" in text:
                text = re.sub(r"\?.*", "?…", re.sub(r"//.*@", "//…@", text))
            return f'"{text[:77]}…"' if len(text) > 80 else f'"{text}"'
        case Mapping():
            return '"key: value" lines'
        case list() | tuple():
            return "a list"
        case _:
            return str(value)


def _unknown(where: Where, root: type[BaseModel]) -> str:
    model = _model(where[:-1], root)
    known = tuple(f.alias or name for name, f in model.model_fields.items()) if model else ()
    near = get_close_matches(str(where[-1]).lower(), known, n=1, cutoff=0.6)
    if near:
        return f'unknown key (did you mean "{near[0]}"?)'
    return f"unknown key (known here: {', '.join(known)})"


def _model(where: Where, root: type[BaseModel]) -> type[BaseModel] | None:
    """The section that stands at this place."""
    if where == ():
        return root
    if where[0] == "feeds":
        return FeedEntry if len(where) == 2 else None
    field = root.model_fields.get(str(where[0])) if len(where) == 1 else None
    kind = field.annotation if field else None
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def place(where: Where) -> str:
    """("feeds", 3, "url") -> "feeds[3].url"."""
    parts = [f"[{p}]" if isinstance(p, int) else f".{p}" for p in where]
    text = "".join(parts).removeprefix(".")
    return re.sub(r"//.*@", "//…@", text)
