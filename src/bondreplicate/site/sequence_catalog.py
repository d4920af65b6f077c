"""Reads the sequences of this site, and what is recorded of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bondreplicate.border import database
from bondreplicate.border.database import Connection
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.sequence_model import (
    INT8_MAX,
    Definition,
    Digit,
    Position,
    Range,
    Record,
    Sequence,
)


def fetch_sequences(
    connection: Connection, oid: int | None = None
) -> tuple[list[Sequence], list[Record]]:
    """All sequences of the users, and the records of sequences that are gone.

    A record whose name is gone belongs to the sequence with its oid, if that has no record: it
    was renamed. With an oid: that sequence alone.
    """
    found = database.rows(connection, query("sequences"), {"oid": oid})
    lost = {r.aligned["oid"]: _record_of(r) for r in found if r.oid is None}
    sequences = [_sequence_of(r, lost) for r in found if r.oid is not None]
    taken = {id(s.record) for s in sequences}
    return sequences, [record for record in lost.values() if id(record) not in taken]


def _sequence_of(row: Any, lost: Mapping[int, Record]) -> Sequence:
    position = None if row.last_value is None else Position(row.last_value, row.is_called)
    record = _record_of(row) if row.original else lost.get(row.oid)
    aside = record if record and record.passed_over else None
    limits = Range(-INT8_MAX - 1, INT8_MAX) if row.low is None else Range(row.low, row.high)
    return Sequence(
        schema=row.schema_name,
        name=row.sequence_name,
        oid=row.oid,
        owner=row.owner,
        may_alter=row.may_alter,
        definition=Definition(
            row.increment, row.minimum, row.maximum, row.start, row.cycle, row.cache
        ),
        position=position,
        limits=limits,
        record=None if aside else record,
        owned_as=row.owned_as,
        passed_over=aside.reason if aside and row.original else None,
    )


def _record_of(row: Any) -> Record:
    original, aligned = row.original, row.aligned
    return Record(
        original=_definition_of(original),
        aligned=_definition_of(aligned),
        digit=Digit(aligned["site"], aligned["maxsites"]),
        oid=aligned["oid"],
        negative=aligned["negative"],
        reason=row.reason,
        name=(row.schema_name, row.sequence_name),
        started=Position(original["last_value"], original["is_called"]),
        released=aligned.get("released", False),
        passed_over=aligned.get("passed_over", False),
    )


def _definition_of(document: Mapping[str, Any]) -> Definition:
    fields = ("increment", "minimum", "maximum", "start", "cycle", "cache")
    return Definition(**{field: document[field] for field in fields})


def document(definition: Definition, position: Position) -> dict[str, Any]:
    """A definition and a position as replicate_sequence keeps them."""
    return asdict(definition) | {"last_value": position.last, "is_called": position.called}


def fetch_held(connection: Connection, sequence: Sequence, original: Definition) -> Range | None:
    """The values in the columns that a sequence fills."""
    room = sequence.room(original)
    values = {"oid": sequence.oid, "low": room.low, "high": room.high}
    row = database.rows(connection, query("sequence_used"), values)[0]
    return None if row.low is None else Range(row.low, row.high)
