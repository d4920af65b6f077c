"""Statements of one site that are hard to repeat: nothing is concurrent, so nothing is lost."""

from collections.abc import Sequence
from typing import Any

from tests.scenarios.cases import Case, Kind, Outcome
from tests.scenarios.steps import SOAK


def alone(
    name: str, title: str, setup: str, statements: Sequence[str], **rows: Sequence[tuple[Any, ...]]
) -> Case:
    """A case in which one site writes, and every other one follows without a conflict."""
    return Case(name, Kind.ALONE, title, setup, a=statements, a_later=Outcome(rows), alone=True)


TRUNCATE = alone(
    "s29_truncate",
    "TRUNCATE of several tables, RESTART IDENTITY, CASCADE",
    "create table tr1 (id serial primary key);"
    "create table tr2 (id int primary key, p int references tr1);"
    "create table tr3 (id int primary key); create table tr4 (id int primary key)",
    [
        "insert into tr1 default values; insert into tr2 select 1, max(id) from tr1",
        "insert into tr3 values (1); insert into tr4 values (1)",
        "truncate tr3, tr4",
        "insert into tr4 values (2)",
        "truncate tr1 restart identity cascade",
    ],
    tr1=[], tr2=[], tr3=[], tr4=[(2,)],
)  # fmt: skip
KEYS_MOVE = alone(
    "s31_keys_move",
    "keys moved by one statement, and swapped, with children that follow",
    "create table pk (id int primary key, t text);"
    "create table pkc (id int primary key, p int references pk on update cascade)",
    [
        "insert into pk values (1, 'a'), (2, 'b'), (3, 'c')",
        "insert into pkc values (1, 1), (2, 2)",
        "update pk set id = id + 100",
        """begin; update pk set id = -1 where id = 101; update pk set id = 101 where id = 102;
        update pk set id = 102 where id = -1; commit""",
    ],
    pk=[(101, "b"), (102, "a"), (103, "c")], pkc=[(1, 102), (2, 101)],
)  # fmt: skip
VALUES_SWAP = alone(
    "s32_values_swap",
    "unique values swapped, and handed from row to row",
    "create table sw (id int primary key, pos int unique deferrable initially immediate);"
    "create table sw2 (id int primary key, pos int unique);"
    "create table ho (id int primary key, u text unique)",
    [
        "insert into sw values (1, 1), (2, 2)",
        "update sw set pos = 3 - pos",
        "insert into sw2 values (1, 1), (2, 2)",
        """begin; update sw2 set pos = null where id = 1; update sw2 set pos = 1 where id = 2;
        update sw2 set pos = 2 where id = 1; commit""",
        "insert into ho values (1, 'x')",
        "begin; delete from ho where id = 1; insert into ho values (2, 'x'); commit",
        "begin; update ho set u = 'y' where id = 2; insert into ho values (3, 'x'); commit",
    ],
    sw=[(1, 2), (2, 1)], sw2=[(1, 2), (2, 1)], ho=[(2, "y"), (3, "x")],
)  # fmt: skip
ONE_ROW_OFTEN = alone(
    "s33_one_row_often",
    "one row inserted, updated, deleted, inserted again in a transaction",
    "create table mc (id int primary key, n int)",
    [
        """begin; insert into mc values (1, 0); update mc set n = n + 1; update mc set n = n + 1;
        delete from mc; insert into mc values (1, 10); update mc set n = n + 1; commit""",
        "begin; insert into mc values (2, 0); delete from mc where id = 2; commit",
    ],
    mc=[(1, 11)],
)
STAYED, WENT, MOVED = range(51, 101), range(11, 51), range(1, 11)
CASCADES = alone(
    "s34_cascades",
    "cascades of every action over three levels",
    "create table c0 (id int primary key); insert into c0 values (0);"
    "create table c1 (id int primary key,"
    " p int references c0 on delete cascade on update cascade);"
    "create table c2 (id int primary key, p int references c1 on delete cascade);"
    "create table c3 (id int primary key,"
    " p int default 0 references c0 on delete set default on update cascade,"
    " q int references c0 on delete set null on update cascade)",
    [
        "insert into c0 select generate_series(1, 100)",
        "insert into c1 select i, i from generate_series(1, 100) i",
        "insert into c2 select i, i from generate_series(1, 100) i",
        "insert into c3 select i, i, i from generate_series(1, 100) i",
        "update c0 set id = id + 1000 where id between 1 and 10",
        "delete from c0 where id between 11 and 50",
    ],
    c0=[(0,), *((i,) for i in STAYED), *((i + 1000,) for i in MOVED)],
    c1=[*((i, i + 1000) for i in MOVED), *((i, i) for i in STAYED)],
    c2=[(i, i) for i in (*MOVED, *STAYED)],
    c3=[
        *((i, i + 1000, i + 1000) for i in MOVED),
        *((i, 0, None) for i in WENT),
        *((i, i, i) for i in STAYED),
    ],
)
NODES = 5000 if SOAK else 300


def below_two(node: int) -> bool:
    """Whether a node of the tree is 2 or hangs below it."""
    while node > 2:
        node //= 2
    return node == 2


TREE = alone(
    "s35_tree",
    "half of a tree deleted by its own foreign key",
    "create table tree (id int primary key,"
    " p int references tree on delete cascade deferrable initially deferred)",
    [
        f"insert into tree select i, nullif(i / 2, 0) from generate_series({NODES}, 1, -1) i",
        "delete from tree where id = 2",
    ],
    tree=[(i, i // 2 or None) for i in range(1, NODES + 1) if not below_two(i)],
)
CIRCLE = alone(
    "s36_circle",
    "two tables that reference each other",
    "create table cx (id int primary key, y int);"
    "create table cy (id int primary key, x int references cx);"
    "alter table cx add foreign key (y) references cy deferrable initially deferred",
    [
        "begin; insert into cx values (1, 1); insert into cy values (1, 1); commit",
        """begin; update cx set y = null; delete from cy; delete from cx;
        insert into cx values (2, 2); insert into cy values (2, 2); commit""",
    ],
    cx=[(2, 2)], cy=[(2, 2)],
)  # fmt: skip
WRONG_ORDER = alone(
    "s37_wrong_order",
    "children before their parents, with deferred constraints",
    "create table dp (id int primary key); create table dch"
    " (id int primary key, p int not null references dp deferrable initially deferred)",
    [
        "begin; insert into dch values (1, 1); insert into dp values (1); commit",
        "begin; delete from dp; delete from dch; commit",
        """begin; insert into dch values (2, 2); set constraints all deferred;
        insert into dp values (2); commit""",
    ],
    dp=[(2,)], dch=[(2, 2)],
)  # fmt: skip
KINDS_OF_REFERENCES = alone(
    "s38_references",
    "keys of two columns, MATCH FULL, references to itself and to a code",
    "create table mp (a int, b int, u text unique, primary key (a, b));"
    "create table mf (id int primary key, a int, b int,"
    " u text references mp (u) on update cascade,"
    " foreign key (a, b) references mp match full);"
    "create table ms (a int, b int, pa int, pb int, primary key (a, b),"
    " foreign key (pa, pb) references ms on delete cascade)",
    [
        "insert into mp values (1, 1, 'u1')",
        "insert into mf values (1, 1, 1, 'u1'), (2, null, null, null)",
        "update mp set u = 'u2'",
        "insert into ms values (1, 1, null, null), (1, 2, 1, 1), (2, 2, 1, 2), (3, 3, null, 2)",
        "delete from ms where (a, b) = (1, 1)",
        "insert into ms values (5, 5, 5, 5)",
        "insert into ms values (1, 1, 2, 2), (2, 2, 1, 1)",
    ],
    mp=[(1, 1, "u2")], mf=[(1, 1, 1, "u2"), (2, None, None, None)],
    ms=[(1, 1, 2, 2), (2, 2, 1, 1), (3, 3, None, 2), (5, 5, 5, 5)],
)  # fmt: skip

CASES = [
    TRUNCATE,
    KEYS_MOVE,
    VALUES_SWAP,
    ONE_ROW_OFTEN,
    CASCADES,
    TREE,
    CIRCLE,
    WRONG_ORDER,
    KINDS_OF_REFERENCES,
]
