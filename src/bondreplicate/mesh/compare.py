"""One table at two sites: buckets first, then the keys of those that differ, then a closer look."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, LiteralString

from bondreplicate.border.database import (
    SQL,
    Composable,
    Connection,
    Identifier,
    Literal,
    joined,
    raw,
    render,
    rows,
    stream,
    value,
)
from bondreplicate.border.sqlfiles import query, template
from bondreplicate.core.compare import (
    Bucket,
    Difference,
    Key,
    Row,
    Seen,
    Suspects,
    Unsettled,
    differing_buckets,
    differing_keys,
    plan_buckets,
)
from bondreplicate.core.shapes import Column, Shape
from bondreplicate.site.expressions import KeyOf, as_text, as_texts, element, table

SUSPECTS_MAX = 20_000
LOOK_AT_ONCE = 1_000
PAUSE_S = 0.1


@dataclass(frozen=True)
class Side:
    """A table at one of the two sites. `tab` is its id there."""

    connection: Connection
    site: int
    tab: int
    shape: Shape


@dataclass(frozen=True)
class Found:
    """What a comparison found. `more`: there were more keys that differ than were looked at."""

    rows_here: int
    rows_there: int
    differences: list[Difference]
    unsettled: Unsettled
    more: bool


class Comparison:
    """The same table here and there.

    Both sides are asked the same questions at about the same time, each in a transaction of its
    own: nothing is locked but what reading locks.

    Args:
        here: one side. there: the other side.
        columns: names of those to compare; all of the key are among them.
        pool: two threads, so that the sides work at the same time.
    """

    def __init__(self, here: Side, there: Side, columns: Sequence[str], pool: Executor) -> None:
        self.sides = (here, there)
        self.columns = list(columns)
        self.key = here.shape.key
        self._pool = pool

    def run(self, settle_s: float) -> Found:
        """Compare, and give changes that are on their way this time to arrive."""
        here = self.sides[0]
        size = value(here.connection, query("table_size"), {"oid": here.shape.oid})
        count = plan_buckets(size or 0)
        left, right = self._both(lambda side: self._fetch_buckets(side, count))
        wanted = differing_buckets(left, right)
        keys = list(islice(self._differing_keys(count, wanted), SUSPECTS_MAX + 1)) if wanted else []
        suspects = Suspects(keys[:SUSPECTS_MAX])
        self._settle(suspects, time.monotonic() + settle_s)
        unsettled = suspects.close()
        return Found(
            sum(b[0] for b in left.values()),
            sum(b[0] for b in right.values()),
            sorted(suspects.proved, key=lambda d: d.key),
            unsettled,
            len(keys) > SUSPECTS_MAX,
        )

    def _both(self, ask: Callable[[Side], Any]) -> tuple[Any, Any]:
        """The answers of both sides, asked at the same time."""
        first, second = (self._pool.submit(ask, side) for side in self.sides)
        return first.result(), second.result()

    def _parts(self, side: Side) -> dict[str, Composable]:
        """What the templates need to know of a side."""
        own = [render("t.{c}", c=Identifier(c)) for c in self.key]
        values = [render("t.{c}", c=Identifier(c)) for c in self.columns]
        return {
            "table": render("only {t}", t=table(side.shape.name)),
            "key": one_text(own, [side.shape.column(c) for c in self.key]),
            "key_array": as_texts(own, [side.shape.column(c) for c in self.key]),
            "row": one_text(values, [side.shape.column(c) for c in self.columns]),
        }

    def _fetch_buckets(self, side: Side, count: int) -> dict[int, Bucket]:
        parts = self._parts(side)
        parts.pop("key_array")
        statement = render(template("verify_buckets"), **parts)
        found = rows(side.connection, statement, {"buckets": count})
        return {r.bucket: (r.rows, r.high, r.low) for r in found}

    def _stream_rows(self, side: Side, count: int, wanted: Sequence[int]) -> Generator[Row]:
        statement = render(template("verify_rows"), **self._parts(side))
        args = {"buckets": count, "wanted": list(wanted)}
        with closing(stream(side.connection, statement, args)) as found:
            for order, key, digest in found:
                yield Row(order, tuple(key), digest)

    def _differing_keys(self, count: int, wanted: Sequence[int]) -> Iterator[Key]:
        here, there = (self._stream_rows(side, count, wanted) for side in self.sides)
        with closing(here), closing(there):
            yield from differing_keys(here, there)

    def _settle(self, suspects: Suspects, deadline: float) -> None:
        """Look at the suspects again and again until each is cleared or proved, or time is over.

        Two looks at the least, because one proves nothing.
        """
        looks = 0
        while suspects.open and (looks < 2 or time.monotonic() < deadline):
            if looks:
                time.sleep(PAUSE_S)
            # Before the rows: what was applied by then and is not the same is not on its way.
            vectors = self._both(lambda side: value(side.connection, query("position_vector")))
            keys = list(suspects.open)
            for start in range(0, len(keys), LOOK_AT_ONCE):
                some = keys[start : start + LOOK_AT_ONCE]
                here, there = self._look(some, vectors)
                for key, a, b in zip(some, here, there, strict=True):
                    suspects.look(key, a, b)
            looks += 1

    def _look(self, keys: Sequence[Key], vectors: tuple[str, str]) -> tuple[list[Seen], list[Seen]]:
        here, there = self.sides
        others = {here.site: (there.site, vectors[1]), there.site: (here.site, vectors[0])}
        return self._both(lambda side: self._look_at(side, keys, *others[side.site]))

    def _look_at(self, side: Side, keys: Sequence[Key], peer: int, vector: str) -> list[Seen]:
        """The rows of these keys at one side.

        Args:
            side: where to look.
            keys: in the order of the columns of the key here.
            peer: number of the other side.
            vector: what the other side has applied of each site.
        """
        parts = self._parts(side)
        statement = render(
            template("verify_lookup"),
            row=parts["row"],
            table=parts["table"],
            tab=Literal(side.tab),
            schema_name=Literal(side.shape.name[0]),
            table_name=Literal(side.shape.name[1]),
            log_key=self._typed_text(side, "l.key"),
            key_equal=self._key_equal(side),
        )
        args = {"keys": json.dumps(keys), "peer": peer, "own": side.site, "vector": vector}
        return [Seen(*row) for row in rows(side.connection, statement, args)]

    def _typed_text(self, side: Side, array: LiteralString) -> Composable:
        """A logged key as the pinned settings write it."""
        key = KeyOf(side.shape)
        return as_texts(key.casts(array), key.columns)

    def _key_equal(self, side: Side) -> Composable:
        """Whether a row is the one asked for; the sides may list the key in another order."""
        key = KeyOf(side.shape)
        places = [self.key.index(name) + 1 for name in side.shape.key]
        asked = [
            render("({e})::{t}", e=element(SQL("asked.key"), place), t=raw(column.type))
            for place, column in zip(places, key.columns, strict=True)
        ]
        return key.equal(key.own("t"), asked)


def one_text(values: Sequence[Composable], columns: Sequence[Column]) -> Composable:
    """Values as one text that no other values give: quoted, and NULL told from 'NULL'."""
    pairs = zip(values, columns, strict=True)
    quoted = [render("quote_nullable({v})", v=as_text(v, c)) for v, c in pairs]
    return render("array_to_string(array[{q}], ',')", q=joined(", ", quoted))
