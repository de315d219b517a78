"""Values <-> what a column holds, alike on both engines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError
from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """Text that both engines can hold: NUL (PostgreSQL refuses it) and lone surrogates (no UTF-8)
    become U+FFFD. The length stays, so that the offsets of evidence stay true."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            text = _SURROGATE.sub("\ufffd", text)
    return text


def _cleaned(text: str | None) -> str | None:
    return None if text is None else clean(text)


class Words(TypeDecorator[str]):
    """Any text from outside."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:
        # Not `process_bind_param`, which costs two more calls for each of a dozen texts a row.
        return _cleaned


class Key(Words):
    """An id or slug. Collation "C" on PostgreSQL: ordered as on SQLite and in Python."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        return Text(collation="C") if dialect.name == "postgresql" else Text()


class Time(TypeDecorator[datetime]):
    """Aware UTC as whole microseconds since 1970.

    An integer on both engines: exact, sorts and indexes alike, and no server time zone can push a
    feed's "0001-01-01" out of Python's range, which makes a timestamptz row unreadable.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without zone cannot be stored: {value.isoformat()}")
        return (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Document(TypeDecorator[Any]):
    """One of the model's types as JSON text, mapped by pydantic.

    Text, not jsonb: nothing searches inside, and jsonb refuses NUL escapes.
    """

    impl = Text
    cache_ok = True

    def __init__(self, shape: Any) -> None:
        super().__init__()
        self.shape = shape

    @property
    def adapter(self) -> TypeAdapter[Any]:
        # Built at first use and kept: the one of Issue takes 20 ms, which no start should wait for.
        adapter = _ADAPTERS.get(self.shape)
        if adapter is None:
            adapter = _ADAPTERS[self.shape] = TypeAdapter(self.shape)
        return adapter

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value == ():  # most of what is stored, and dearer to pack than a row's longest text
            return "[]"
        try:
            packed = self.adapter.dump_json(value)
            if b"\\u0000" not in packed:
                return packed.decode()
        except PydanticSerializationError:  # a lone surrogate
            pass
        plain = self.adapter.dump_python(value, mode="json")
        return json.dumps(_clean_within(plain), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else self.adapter.validate_json(value)


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}


def _clean_within(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case list():
            return [_clean_within(part) for part in value]
        case dict():
            return {clean(key): _clean_within(part) for key, part in value.items()}
        case _:
            return value


def names(shape: type, *, without: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The fields of a value that are columns under the same name."""
    return tuple(f.name for f in fields(shape) if f.name not in without)


def columns_of(value: Any, wanted: tuple[str, ...]) -> dict[str, Any]:
    """The fields of a value, ready to be bound."""
    return {name: getattr(value, name) for name in wanted}
