"""The same row written at two sites: versions decide, whole rows, and nothing goes untold."""

from tests.scenarios.cases import Case, Kind, Outcome

UPDATE_UPDATE = Case(
    "s62_update_update",
    Kind.ROW,
    "the same column of a row, and two different columns of another",
    "create table uu (id int primary key, a int, b int);insert into uu values (1, 0, 0), (2, 0, 0)",
    a=["update uu set a = 1"],
    b=["update uu set a = 2 where id = 1", "update uu set b = 2 where id = 2"],
    a_later=Outcome(
        {"uu": [(1, 1, 0), (2, 1, 0)]}, ["uu concurrent 1: 1 2 0", "uu concurrent 2: 2 0 2"]
    ),
    b_later=Outcome(
        {"uu": [(1, 2, 0), (2, 0, 2)]}, ["uu concurrent 1: 1 1 0", "uu concurrent 2: 2 1 0"]
    ),
)
DELETED_AND_INSERTED_AGAIN = Case(
    "s64_delete_insert",
    Kind.AGAIN,
    "deleted and inserted again with other values; updated elsewhere",
    "create table di (id int primary key, t text, n int); insert into di values (1, 'old', 0)",
    a=["delete from di where id = 1", "insert into di values (1, 'new', 10)"],
    b=["update di set n = 1 where id = 1"],
    a_later=Outcome({"di": [(1, "new", 10)]}, ["di concurrent 1: 1 old 1"]),
    b_later=Outcome({"di": [(1, "old", 1)]}, ["di concurrent 1: 1 new 10"]),
)
KEY_UPDATE = Case(
    "s79_key_update",
    Kind.KEY,
    "the key changed; the row updated, and the new key inserted elsewhere",
    "create table pku (id int primary key, t text); insert into pku values (1, 'a'), (2, 'b')",
    a=["update pku set id = 100 where id = 1"],
    b=["update pku set t = 'B' where id = 1", "insert into pku values (100, 'new')"],
    a_later=Outcome(
        {"pku": [(2, "b"), (100, "a")]}, ["pku concurrent 1: 1 B", "pku concurrent 100: 100 new"]
    ),
    b_later=Outcome(
        {"pku": [(1, "B"), (2, "b"), (100, "new")]},
        ["pku concurrent 1: gone", "pku concurrent 100: 100 a"],
    ),
)
TC = "create table tc (id int primary key, t text); insert into tc values (1, 'a'), (9, 'z')"
LOST_TO_TRUNCATE = ["tc concurrent 1: 1 bb", "tc concurrent 2: 2 b"]
LATER_THAN_TRUNCATE = {"tc": [(1, "bb"), (2, "b")]}
# Of the row that was new the TRUNCATE knew nothing: it is told only where it comes after the row.
OF_OLD = "tc concurrent 1: gone"
OF_NEW = "tc concurrent 2: gone"
TRUNCATE = Case(
    "s30_truncate",
    Kind.TRUNCATE,
    "a row inserted and one updated elsewhere",
    TC,
    a=["truncate tc"],
    b=["insert into tc values (2, 'b')", "update tc set t = 'bb' where id = 1"],
    a_later=Outcome({"tc": []}, LOST_TO_TRUNCATE),
    b_later=[
        Outcome(LATER_THAN_TRUNCATE, [OF_OLD]),
        Outcome(LATER_THAN_TRUNCATE, [OF_OLD, OF_NEW]),
    ],
)
MINE = "tc concurrent 2: 2 mine"
TRUNCATE_AND_FILL = Case(
    "s30_truncate_and_fill",
    Kind.TRUNCATE,
    "filled again in the same transaction; the same key elsewhere",
    TC,
    a=["truncate tc; insert into tc values (2, 'mine')"],
    b=TRUNCATE.b,
    a_later=Outcome({"tc": [(2, "mine")]}, LOST_TO_TRUNCATE),
    b_later=[
        Outcome(LATER_THAN_TRUNCATE, [OF_OLD, MINE]),
        Outcome(LATER_THAN_TRUNCATE, [OF_OLD, OF_NEW, MINE]),
    ],
)

CASES = [
    UPDATE_UPDATE,
    DELETED_AND_INSERTED_AGAIN,
    KEY_UPDATE,
    TRUNCATE,
    TRUNCATE_AND_FILL,
]
