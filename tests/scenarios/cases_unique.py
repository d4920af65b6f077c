"""Rows of different keys that one constraint does not let stand together: the later one stays."""

from tests.scenarios.cases import Case, Kind, Outcome

SECOND_KEY = Case(
    "s67_mail",
    Kind.UNIQUE,
    "a value inserted twice, under two keys",
    "create table su (id int primary key, mail text unique, t text)",
    a=["insert into su values (11, 'x@y', 'A')"],
    b=["insert into su values (12, 'x@y', 'B')"],
    a_later=Outcome({"su": [(11, "x@y", "A")]}, ["su unique 12: 12 x@y B"]),
    b_later=Outcome({"su": [(12, "x@y", "B")]}, ["su unique 11: 11 x@y A"]),
)
MU = "create table mu (a int primary key, b int unique, c int unique)"
SEVERAL = Case(
    "s68_several",
    Kind.UNIQUE,
    "two constraints: rows that clash with one row, and with two",
    MU,
    a=["insert into mu values (2, 2, 2), (3, 3, 3), (4, 4, 4)"],
    b=["insert into mu values (5, 2, 3)", "insert into mu values (6, 4, 6)"],
    a_later=Outcome(
        {"mu": [(2, 2, 2), (3, 3, 3), (4, 4, 4)]}, ["mu unique 5: 5 2 3", "mu unique 6: 6 4 6"]
    ),
    b_later=Outcome(
        {"mu": [(5, 2, 3), (6, 4, 6)]},
        ["mu unique 2: 2 2 2", "mu unique 3: 3 3 3", "mu unique 4: 4 4 4"],
    ),
)
ONE_UPDATE_HITS_THREE = Case(
    "s68_update",
    Kind.UNIQUE,
    "an update that moves onto one row and clashes with two others",
    MU + "; insert into mu values (7, 7, 7)",
    a=["insert into mu values (2, 2, 1), (4, 1, 4), (5, 5, 5)"],
    b=["update mu set a = 5, b = 2, c = 4"],
    a_later=Outcome({"mu": [(2, 2, 1), (4, 1, 4), (5, 5, 5)]}, ["mu concurrent 5: 5 2 4"]),
    b_later=Outcome(
        {"mu": [(5, 2, 4)]},
        ["mu concurrent 5: 5 5 5", "mu unique 2: 2 2 1", "mu unique 4: 4 1 4"],
    ),
)
SWAP = Case(
    "s70_swap",
    Kind.UNIQUE,
    "values swapped between rows, at two sites, with a row in common",
    "create table ux (id int primary key, p int unique deferrable initially deferred);"
    "insert into ux values (1, 1), (2, 2), (3, 3)",
    a=["begin; update ux set p = 2 where id = 1; update ux set p = 1 where id = 2; commit"],
    b=["begin; update ux set p = 3 where id = 2; update ux set p = 2 where id = 3; commit"],
    a_later=Outcome({"ux": [(1, 2), (2, 1)]}, ["ux concurrent 2: 2 3", "ux unique 3: 3 2"]),
    b_later=Outcome({"ux": [(2, 3), (3, 2)]}, ["ux concurrent 2: 2 1", "ux unique 1: 1 2"]),
)
PARTIAL = Case(
    "s71_partial",
    Kind.UNIQUE,
    "a partial index on an expression, and an index with nulls",
    "create table pu (id int primary key, mail text, live bool, n int);"
    "create unique index on pu (lower(mail)) where live; create unique index on pu (n)",
    a=["insert into pu values (1, 'A@x', true, null), (2, 'b@x', false, null), (7, 'z', false, 7)"],
    b=["insert into pu values (3, 'a@X', true, null), (4, 'B@x', false, null), (8, 'z', false, 8)"],
    a_later=Outcome(
        {
            "pu": [
                (1, "A@x", True, None),
                (2, "b@x", False, None),
                (4, "B@x", False, None),
                (7, "z", False, 7),
                (8, "z", False, 8),
            ]
        },
        ["pu unique 3: 3 a@X true null"],
    ),
    b_later=Outcome(
        {
            "pu": [
                (2, "b@x", False, None),
                (3, "a@X", True, None),
                (4, "B@x", False, None),
                (7, "z", False, 7),
                (8, "z", False, 8),
            ]
        },
        ["pu unique 1: 1 A@x true null"],
    ),
)
NULLS_ALIKE = Case(
    "s71_nulls_alike",
    Kind.UNIQUE,
    "NULLS NOT DISTINCT",
    "create table pn (id int primary key, n int, m int);"
    "create unique index on pn (n, m) nulls not distinct",
    a=["insert into pn values (1, null, 1), (2, null, null)"],
    b=["insert into pn values (3, null, 1), (4, 1, null)"],
    a_later=Outcome(
        {"pn": [(1, None, 1), (2, None, None), (4, 1, None)]}, ["pn unique 3: 3 null 1"]
    ),
    b_later=Outcome(
        {"pn": [(2, None, None), (3, None, 1), (4, 1, None)]}, ["pn unique 1: 1 null 1"]
    ),
)
ENTERS = Case(
    "s71_enters",
    Kind.UNIQUE,
    "a row updated into a partial index; its value inserted elsewhere",
    "create table pe (id int primary key, mail text, live bool);"
    "create unique index on pe (mail) where live; insert into pe values (1, 'm', false)",
    a=["update pe set live = true"],
    b=["insert into pe values (2, 'm', true), (3, 'm', false)"],
    a_later=Outcome({"pe": [(1, "m", True), (3, "m", False)]}, ["pe unique 2: 2 m true"]),
    b_later=Outcome({"pe": [(2, "m", True), (3, "m", False)]}, ["pe unique 1: 1 m true"]),
)
ON_AN_EXPRESSION = Case(
    "s71_expression",
    Kind.UNIQUE,
    "an index on an expression and a column",
    "create table px (id int primary key, t text, n int);create unique index on px (lower(t), n)",
    a=["insert into px values (1, 'T', 1), (5, 'T', 2)"],
    b=["insert into px values (2, 't', 1), (6, 't', null)"],
    a_later=Outcome({"px": [(1, "T", 1), (5, "T", 2), (6, "t", None)]}, ["px unique 2: 2 t 1"]),
    b_later=Outcome({"px": [(2, "t", 1), (5, "T", 2), (6, "t", None)]}, ["px unique 1: 1 T 1"]),
)
INCLUDE = Case(
    "s71_include",
    Kind.UNIQUE,
    "INCLUDE, in the primary key too: what is included does not count",
    "create table pi (id int, n int, t text, primary key (id) include (t), unique (n) include (t))",
    a=["insert into pi values (1, 1, 'A'), (5, 5, 'A'), (7, 7, 't')"],
    b=["insert into pi values (2, 1, 'B'), (5, 50, 'B'), (8, 8, 't')"],
    a_later=Outcome(
        {"pi": [(1, 1, "A"), (5, 5, "A"), (7, 7, "t"), (8, 8, "t")]},
        ["pi unique 2: 2 1 B", "pi concurrent 5: 5 50 B"],
    ),
    b_later=Outcome(
        {"pi": [(2, 1, "B"), (5, 50, "B"), (7, 7, "t"), (8, 8, "t")]},
        ["pi unique 1: 1 1 A", "pi concurrent 5: 5 5 A"],
    ),
)
BK = (
    "create table bk (id int primary key, since int, until int,"
    " exclude using gist (int4range(since, until) with &&))"
)
EXCLUDE = Case(
    "s72_exclude",
    Kind.EXCLUDE,
    "two rows overlap, a third only touches",
    BK,
    a=["insert into bk values (11, 10, 12)"],
    b=["insert into bk values (12, 11, 13), (22, 9, 10)"],
    a_later=Outcome({"bk": [(11, 10, 12), (22, 9, 10)]}, ["bk unique 12: 12 11 13"]),
    b_later=Outcome({"bk": [(12, 11, 13), (22, 9, 10)]}, ["bk unique 11: 11 10 12"]),
)
ONE_OVERLAPS_TWO = Case(
    "s72_two",
    Kind.EXCLUDE,
    "one row overlaps two",
    BK,
    a=["insert into bk values (31, 10, 14)"],
    b=["insert into bk values (32, 9, 11), (33, 13, 15)"],
    a_later=Outcome({"bk": [(31, 10, 14)]}, ["bk unique 32: 32 9 11", "bk unique 33: 33 13 15"]),
    b_later=Outcome({"bk": [(32, 9, 11), (33, 13, 15)]}, ["bk unique 31: 31 10 14"]),
)
# Of three in a chain, the last stays and the one between goes; the first may have gone before that.
IN_A_CHAIN = Case(
    "s68_chain",
    Kind.UNIQUE,
    "three sites: a row clashes with one of each other site",
    MU,
    a=["insert into mu values (2, 2, 2)"],
    b=["insert into mu values (3, 3, 3)"],
    c=["insert into mu values (5, 2, 3)"],
    sites=3,
    a_later=[
        Outcome({"mu": [(2, 2, 2), (3, 3, 3)]}, ["mu unique 5: 5 2 3"]),
        Outcome({"mu": [(2, 2, 2)]}, ["mu unique 5: 5 2 3", "mu unique 3: 3 3 3"]),
    ],
    b_later=[
        Outcome({"mu": [(2, 2, 2), (3, 3, 3)]}, ["mu unique 5: 5 2 3"]),
        Outcome({"mu": [(3, 3, 3)]}, ["mu unique 5: 5 2 3", "mu unique 2: 2 2 2"]),
    ],
)
SPANS_IN_A_CHAIN = Case(
    "s72_chain",
    Kind.EXCLUDE,
    "three sites: a row overlaps one of each other site",
    BK,
    a=["insert into bk values (41, 10, 12)"],
    b=["insert into bk values (42, 14, 16)"],
    c=["insert into bk values (43, 11, 15)"],
    sites=3,
    a_later=[
        Outcome({"bk": [(41, 10, 12), (42, 14, 16)]}, ["bk unique 43: 43 11 15"]),
        Outcome({"bk": [(41, 10, 12)]}, ["bk unique 43: 43 11 15", "bk unique 42: 42 14 16"]),
    ],
    b_later=[
        Outcome({"bk": [(41, 10, 12), (42, 14, 16)]}, ["bk unique 43: 43 11 15"]),
        Outcome({"bk": [(42, 14, 16)]}, ["bk unique 43: 43 11 15", "bk unique 41: 41 10 12"]),
    ],
)

CASES = [
    SECOND_KEY,
    SEVERAL,
    ONE_UPDATE_HITS_THREE,
    IN_A_CHAIN,
    SWAP,
    PARTIAL,
    ENTERS,
    ON_AN_EXPRESSION,
    NULLS_ALIKE,
    INCLUDE,
    EXCLUDE,
    ONE_OVERLAPS_TWO,
    SPANS_IN_A_CHAIN,
]
