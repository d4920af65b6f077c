"""Parents and children written apart: what the schema says, or the delete gives way."""

from tests.scenarios.cases import Case, Kind, Outcome


def orphaned(name: str, title: str, column: str, action: str, outcome: Outcome) -> Case:
    """A parent deleted at one site, a child inserted at another."""
    return Case(
        f"s73_{name}",
        Kind.ORPHAN,
        title,
        "create table fp (id int primary key, t text); insert into fp values (0, 'z'), (1, 'p');"
        f"create table fc (id int primary key, p int {column} references fp {action}, t text)",
        a=["delete from fp where id = 1"],
        b=["insert into fc values (10, 1, 'c')"],
        a_later=outcome,
    )


KEPT = Outcome({"fp": [(0, "z"), (1, "p")], "fc": [(10, 1, "c")]}, ["fp foreign key 1: gone"])
LOST = ["fc foreign key 10: 10 1 c"]
GONE = Outcome({"fp": [(0, "z")], "fc": []}, LOST)
CLEARED = Outcome({"fp": [(0, "z")], "fc": [(10, None, "c")]}, LOST)
DEFAULTED = Outcome({"fp": [(0, "z")], "fc": [(10, 0, "c")]}, LOST)

ORPHANED = [
    orphaned("no_action", "NO ACTION", "not null", "", KEPT),
    orphaned(
        "restrict",
        "RESTRICT, deferred",
        "not null",
        "on delete restrict deferrable initially deferred",
        KEPT,
    ),
    orphaned("cascade", "CASCADE", "not null", "on delete cascade", GONE),
    orphaned("set_null", "SET NULL", "", "on delete set null", CLEARED),
    orphaned(
        "set_null_refused",
        "SET NULL of a column that is NOT NULL",
        "not null",
        "on delete set null",
        KEPT,
    ),
    orphaned(
        "set_null_checked",
        "SET NULL of a column that a CHECK needs",
        "check (p is not null)",
        "on delete set null",
        KEPT,
    ),
    orphaned("set_default", "SET DEFAULT", "default 0", "on delete set default", DEFAULTED),
    orphaned(
        "set_default_null", "SET DEFAULT, which is null", "", "on delete set default", CLEARED
    ),
    orphaned(
        "set_default_missing",
        "SET DEFAULT, which is no row",
        "default 7",
        "on delete set default",
        KEPT,
    ),
    orphaned(
        "set_default_checked",
        "SET DEFAULT, which a CHECK refuses",
        "default 0 check (p > 0)",
        "on delete set default",
        KEPT,
    ),
    orphaned(
        "set_default_itself",
        "SET DEFAULT, which is the row that goes",
        "default 1",
        "on delete set default",
        KEPT,
    ),
]
DEFAULT_IS_WRITTEN_OTHERWISE = Case(
    "s73_set_default_itself_otherwise",
    Kind.ORPHAN,
    "SET DEFAULT, which is the row that goes, written otherwise",
    "create table fp (id numeric primary key); insert into fp values (0), (1);"
    "create table fc (id int primary key, p numeric default 1.0 references fp"
    " on delete set default)",
    a=["delete from fp where id = 1"],
    b=["insert into fc values (10, 1)"],
    a_later=Outcome({"fp": [(0,), (1,)], "fc": [(10, 1)]}, ["fp foreign key 1: gone"]),
)
MOVED_TO_A_PARENT_THAT_GOES = Case(
    "s73_moved",
    Kind.ORPHAN,
    "CASCADE; a child moved to the parent that goes",
    "create table fp (id int primary key); insert into fp values (1), (2);"
    "create table fc (id int primary key, p int references fp on delete cascade);"
    "insert into fc values (10, 1)",
    a=["delete from fp where id = 2"],
    b=["update fc set p = 2"],
    a_later=Outcome({"fp": [(1,)], "fc": []}, ["fc foreign key 10: 10 2"]),
)


def of_two_columns(name: str, title: str, foreign_key: str, outcome: Outcome) -> Case:
    """A parent with a key of two columns deleted, children inserted elsewhere."""
    return Case(
        f"s38_{name}",
        Kind.ORPHAN,
        title,
        "create table fp (a int, b int, primary key (a, b)); insert into fp values (0, 0), (1, 1);"
        "create table fc (id int primary key, a int default 0, b int,"
        f" foreign key (a, b) references fp {foreign_key})",
        a=["delete from fp where a = 1"],
        b=["insert into fc values (10, 1, 1), (11, null, null)"],
        a_later=outcome,
    )


FULLY_KEPT = Outcome(
    {"fp": [(0, 0), (1, 1)], "fc": [(10, 1, 1), (11, None, None)]}, ["fp foreign key 1 1: gone"]
)
FULL = [
    of_two_columns(
        "full",
        "MATCH FULL, SET NULL; a child inserted, and one of no parent",
        "match full on delete set null",
        Outcome(
            {"fp": [(0, 0)], "fc": [(10, None, None), (11, None, None)]},
            ["fc foreign key 10: 10 1 1"],
        ),
    ),
    of_two_columns(
        "full_one_column",
        "MATCH FULL, SET NULL of one of two columns: that may not stand",
        "match full on delete set null (b)",
        FULLY_KEPT,
    ),
    of_two_columns(
        "full_default",
        "MATCH FULL, SET DEFAULT, which is null in one of two columns: that may not stand",
        "match full on delete set default",
        FULLY_KEPT,
    ),
]
PARTLY_NULL = Case(
    "s38_partly_null",
    Kind.ORPHAN,
    "NO ACTION, a key of two columns; a child inserted that is null in one: it has no parent",
    "create table fp (a int, b int, primary key (a, b)); insert into fp values (0, 0), (1, 1);"
    "create table fc (id int primary key, a int, b int, foreign key (a, b) references fp)",
    a=["delete from fp where a = 1"],
    b=["insert into fc values (10, 1, null), (11, null, 1)"],
    a_later=Outcome({"fp": [(0, 0)], "fc": [(10, 1, None), (11, None, 1)]}),
)


def of_itself(name: str, title: str, action: str, outcome: Outcome) -> Case:
    """A leaf of a tree deleted, rows hung below it elsewhere."""
    return Case(
        f"s35_{name}",
        Kind.ORPHAN,
        f"a table that references itself, {title}; a row inserted and one moved below elsewhere",
        f"create table node (id int primary key, up int references node {action});"
        "insert into node values (1, null), (2, 1), (3, 1)",
        a=["delete from node where id = 2"],
        b=["insert into node values (4, 2)", "update node set up = 2 where id = 3"],
        a_later=outcome,
    )


OF_ITSELF = [
    of_itself(
        "no_action",
        "NO ACTION",
        "",
        Outcome({"node": [(1, None), (2, 1), (3, 2), (4, 2)]}, ["node foreign key 2: gone"]),
    ),
    of_itself(
        "cascade",
        "CASCADE",
        "on delete cascade",
        Outcome({"node": [(1, None)]}, ["node foreign key 3: 3 2", "node foreign key 4: 4 2"]),
    ),
    of_itself(
        "set_null",
        "SET NULL",
        "on delete set null",
        Outcome(
            {"node": [(1, None), (3, None), (4, None)]},
            ["node foreign key 3: 3 2", "node foreign key 4: 4 2"],
        ),
    ),
]
DOWN_THREE_LEVELS = (
    "create table g1 (id int primary key); insert into g1 values (1);"
    "create table g2 (id int primary key, p int references g1 on delete cascade, t text);"
    "insert into g2 values (1, 1, 'x');"
    "create table g3 (id int primary key, p int references g2 on delete cascade)"
)
EMPTY = {"g1": [], "g2": [], "g3": []}
LOST_OF_B = ["g3 foreign key 1: 1 1"]
CASCADE = Case(
    "s74_cascade",
    Kind.ORPHAN,
    "CASCADE over three levels; a child updated, a grandchild inserted",
    DOWN_THREE_LEVELS,
    a=["delete from g1"],
    b=["update g2 set t = 'y'", "insert into g3 values (1, 1)"],
    a_later=Outcome(EMPTY, ["g2 concurrent 1: 1 1 y", *LOST_OF_B]),
    b_later=Outcome(EMPTY, ["g2 concurrent 1: gone", "g2 foreign key 1: 1 1 y", *LOST_OF_B]),
)
CASCADE_OF_THREE = Case(
    "s74_cascade_of_three",
    Kind.ORPHAN,
    "the same, and a third site adds a child",
    DOWN_THREE_LEVELS,
    a=CASCADE.a,
    b=CASCADE.b,
    c=["insert into g2 values (2, 1, 'z')"],
    sites=3,
    a_later=Outcome(EMPTY, ["g2 concurrent 1: 1 1 y", "g2 foreign key 2: 2 1 z", *LOST_OF_B]),
    b_later=Outcome(
        EMPTY,
        [
            "g2 concurrent 1: gone",
            "g2 foreign key 1: 1 1 y",
            "g2 foreign key 2: 2 1 z",
            *LOST_OF_B,
        ],
    ),
)
LOSER_HAS_CHILDREN = Case(
    "s75_children",
    Kind.UNIQUE_PARENT,
    "each of the two rows has a child",
    "create table up1 (id int primary key, mail text unique);"
    "create table uch (id int primary key, p int not null references up1)",
    a=["insert into up1 values (11, 'm')", "insert into uch values (111, 11)"],
    b=["insert into up1 values (12, 'm')", "insert into uch values (112, 12)"],
    a_later=Outcome(
        {"up1": [(11, "m")], "uch": [(111, 11), (112, 11)]},
        ["up1 unique 12: 12 m", "uch foreign key 112: 112 12"],
    ),
    b_later=Outcome(
        {"up1": [(12, "m")], "uch": [(111, 12), (112, 12)]},
        ["up1 unique 11: 11 m", "uch foreign key 111: 111 11"],
    ),
)
CHILDREN_STAY_AWAY = Case(
    "s75_children_refused",
    Kind.UNIQUE_PARENT,
    "each of the two rows has a child, which a CHECK does not let follow",
    "create table up1 (id int primary key, mail text unique);"
    "create table uch (id int primary key, p int not null references up1, check (p = id - 100))",
    a=["insert into up1 values (11, 'm')", "insert into uch values (111, 11)"],
    b=["insert into up1 values (12, 'm')", "insert into uch values (112, 12)"],
    a_later=Outcome(
        {"up1": [(11, "m")], "uch": [(111, 11)]},
        ["up1 unique 12: 12 m", "uch foreign key 112: 112 12"],
    ),
    b_later=Outcome(
        {"up1": [(12, "m")], "uch": [(112, 12)]},
        ["up1 unique 11: 11 m", "uch foreign key 111: 111 11"],
    ),
)
CHILDREN_OF_A_THIRD_SITE = Case(
    "s75_children_of_a_third",
    Kind.UNIQUE_PARENT,
    "updated to one value, while a third site adds children to both",
    "create table up1 (id int primary key, mail text unique);"
    "insert into up1 values (11, 'x'), (12, 'y');"
    "create table uch (id int primary key, p int not null references up1);"
    "insert into uch values (1, 11), (2, 12)",
    a=["update up1 set mail = 'm' where id = 11"],
    b=["update up1 set mail = 'm' where id = 12"],
    c=["insert into uch values (3, 11), (4, 12)"],
    sites=3,
    a_later=Outcome(
        {"up1": [(11, "m")], "uch": [(1, 11), (2, 11), (3, 11), (4, 11)]},
        ["up1 unique 12: 12 m", "uch foreign key 2: 2 12", "uch foreign key 4: 4 12"],
    ),
    b_later=Outcome(
        {"up1": [(12, "m")], "uch": [(1, 12), (2, 12), (3, 12), (4, 12)]},
        ["up1 unique 11: 11 m", "uch foreign key 1: 1 11", "uch foreign key 3: 3 11"],
    ),
)


def truncated(name: str, title: str, action: str, stays: Outcome) -> Case:
    """A family truncated at one site, children changed and added at another."""
    return Case(
        f"s30_family_{name}",
        Kind.TRUNCATE,
        f"parents and children, {title}; children updated and inserted elsewhere",
        "create table tp (id int primary key, t text); insert into tp values (1, 'p'), (2, 'q');"
        f"create table tc (id int primary key, p int references tp {action}, t text);"
        "insert into tc values (10, 1, 'old'), (20, 2, 'old')",
        a=["truncate tp, tc"],
        b=["update tc set t = 'new' where id = 10", "insert into tc values (30, 2, 'c')"],
        a_later=Outcome(
            {"tp": [], "tc": []}, ["tc concurrent 10: 10 1 new", "tc concurrent 30: 30 2 c"]
        ),
        b_later=stays,
    )


OUTLIVED = ["tc concurrent 10: gone", "tc concurrent 30: gone"]
OUTLIVED_BY_CHILDREN = ["tc foreign key 10: 10 1 new", "tc foreign key 30: 30 2 c"]
TRUNCATED = [
    truncated(
        "no_action",
        "NO ACTION",
        "",
        Outcome(
            {"tp": [(1, "p"), (2, "q")], "tc": [(10, 1, "new"), (30, 2, "c")]},
            [*OUTLIVED, "tp foreign key 1: gone", "tp foreign key 2: gone"],
        ),
    ),
    truncated(
        "cascade",
        "CASCADE",
        "on delete cascade",
        Outcome({"tp": [], "tc": []}, [*OUTLIVED, *OUTLIVED_BY_CHILDREN]),
    ),
    truncated(
        "set_null",
        "SET NULL",
        "on delete set null",
        Outcome(
            {"tp": [], "tc": [(10, None, "new"), (30, None, "c")]},
            [*OUTLIVED, *OUTLIVED_BY_CHILDREN],
        ),
    ),
]
TRUNCATED_CYCLE = Case(
    "s30_cycle",
    Kind.TRUNCATE,
    "two tables that reference each other; a row updated elsewhere",
    "create table cl (id int primary key, r int); create table cr (id int primary key, t text,"
    " l int not null references cl); alter table cl add foreign key (r) references cr;"
    "insert into cl values (1, null), (2, null); insert into cr values (1, 'old', 1);"
    "update cl set r = 1 where id = 1",
    a=["truncate cl, cr"],
    b=["update cr set t = 'new'"],
    a_later=Outcome({"cl": [], "cr": []}, ["cr concurrent 1: 1 new 1"]),
    b_later=Outcome(
        {"cl": [(1, 1)], "cr": [(1, "new", 1)]},
        ["cr concurrent 1: gone", "cl foreign key 1: gone"],
    ),
)

CASES = [
    *ORPHANED,
    DEFAULT_IS_WRITTEN_OTHERWISE,
    *TRUNCATED,
    TRUNCATED_CYCLE,
    MOVED_TO_A_PARENT_THAT_GOES,
    *FULL,
    PARTLY_NULL,
    *OF_ITSELF,
    CASCADE,
    CASCADE_OF_THREE,
    LOSER_HAS_CHILDREN,
    CHILDREN_STAY_AWAY,
    CHILDREN_OF_A_THIRD_SITE,
]
