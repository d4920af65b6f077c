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
UPDATED_TO_EQUAL_VALUES = Case(
    "s62_equal",
    Kind.ROW,
    "to equal values",
    "create table ue (id int primary key, a int); insert into ue values (1, 0)",
    a=["update ue set a = 5"],
    b=["update ue set a = 5"],
    a_later=Outcome({"ue": [(1, 5)]}),
)
UPDATED_AT_THREE_SITES = Case(
    "s62_three",
    Kind.ROW,
    "at three sites; C writes between the other two",
    "create table ut (id int primary key, t text); insert into ut values (1, '')",
    a=["update ut set t = 'A'"],
    b=["update ut set t = 'B'"],
    c=["update ut set t = 'C'"],
    sites=3,
    a_later=Outcome({"ut": [(1, "A")]}, ["ut concurrent 1: 1 B", "ut concurrent 1: 1 C"]),
    b_later=Outcome({"ut": [(1, "B")]}, ["ut concurrent 1: 1 A", "ut concurrent 1: 1 C"]),
)
INSERT_INSERT = Case(
    "s61_insert_insert",
    Kind.INSERT,
    "with other values",
    "create table ii (id int primary key, t text, n int)",
    a=["insert into ii values (50, 'A', 1)"],
    b=["insert into ii values (50, 'B', 2)"],
    a_later=Outcome({"ii": [(50, "A", 1)]}, ["ii concurrent 50: 50 B 2"]),
    b_later=Outcome({"ii": [(50, "B", 2)]}, ["ii concurrent 50: 50 A 1"]),
)
INSERTED_WITH_EQUAL_VALUES = Case(
    "s61_equal",
    Kind.INSERT,
    "with equal values, also of a second key",
    "create table ie (id int primary key, t text, u text unique)",
    a=["insert into ie values (51, 'same', 'u')"],
    b=["insert into ie values (51, 'same', 'u')"],
    a_later=Outcome({"ie": [(51, "same", "u")]}),
)
UPDATE_DELETE = Case(
    "s63_update_delete",
    Kind.DELETE,
    "updated elsewhere",
    "create table ud (id int primary key, n int); insert into ud values (1, 0)",
    a=["update ud set n = 1"],
    b=["delete from ud"],
    a_later=Outcome({"ud": [(1, 1)]}, ["ud concurrent 1: gone"]),
    b_later=Outcome({"ud": []}, ["ud concurrent 1: 1 1"]),
)
DELETE_DELETE = Case(
    "s63_delete_delete",
    Kind.DELETE,
    "deleted elsewhere",
    "create table dd (id int primary key, n int); insert into dd values (1, 0), (2, 0)",
    a=["delete from dd where id = 1"],
    b=["delete from dd where id = 1"],
    a_later=Outcome({"dd": [(2, 0)]}),
)
DELETED_UPDATED_AND_DELETED = Case(
    "s63_three",
    Kind.DELETE,
    "deleted at a second site, updated at a third one; C writes between the other two",
    "create table dud (id int primary key, n int); insert into dud values (1, 0)",
    a=["delete from dud"],
    b=["delete from dud"],
    c=["update dud set n = 3"],
    sites=3,
    a_later=[
        Outcome({"dud": []}, ["dud concurrent 1: 1 3"]),
        # The earlier delete is told where it comes to the update first.
        Outcome({"dud": []}, ["dud concurrent 1: 1 3", "dud concurrent 1: gone"]),
    ],
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
INSERTED_AGAIN_AND_DELETED = Case(
    "s64_delete",
    Kind.AGAIN,
    "deleted and inserted again; deleted elsewhere",
    "create table dd (id int primary key, t text); insert into dd values (1, 'old')",
    a=["delete from dd", "insert into dd values (1, 'new')"],
    b=["delete from dd"],
    a_later=Outcome({"dd": [(1, "new")]}, ["dd concurrent 1: gone"]),
    b_later=Outcome({"dd": []}, ["dd concurrent 1: 1 new"]),
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
    UPDATED_TO_EQUAL_VALUES,
    UPDATED_AT_THREE_SITES,
    INSERT_INSERT,
    INSERTED_WITH_EQUAL_VALUES,
    UPDATE_DELETE,
    DELETE_DELETE,
    DELETED_UPDATED_AND_DELETED,
    DELETED_AND_INSERTED_AGAIN,
    INSERTED_AGAIN_AND_DELETED,
    TRUNCATE,
    TRUNCATE_AND_FILL,
]
