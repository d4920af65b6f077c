"""Keys, and codes that children reference, changed at one site and used at another."""

from tests.scenarios.cases import Case, Kind, Outcome

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
DELETED_ELSEWHERE = Case(
    "s79_deleted",
    Kind.KEY,
    "the key changed; the row deleted elsewhere: the delete was one of the old key",
    "create table pkd (id int primary key, t text); insert into pkd values (1, 'a')",
    a=["update pkd set id = 100"],
    b=["delete from pkd"],
    a_later=Outcome({"pkd": [(100, "a")]}),
)
TWO_ROWS_GET_ONE_KEY = Case(
    "s79_one_key",
    Kind.KEY,
    "two rows are given one key",
    "create table pko (id int primary key, t text); insert into pko values (1, 'a'), (2, 'b')",
    a=["update pko set id = 100 where id = 1"],
    b=["update pko set id = 100 where id = 2"],
    a_later=Outcome({"pko": [(100, "a")]}, ["pko concurrent 100: 100 b"]),
    b_later=Outcome({"pko": [(100, "b")]}, ["pko concurrent 100: 100 a"]),
)
ONE_ROW_GETS_TWO_KEYS = Case(
    "s79_two_keys",
    Kind.KEY,
    "one row is given two keys: it is there twice",
    "create table pkt (id int primary key, t text); insert into pkt values (1, 'a')",
    a=["update pkt set id = 10"],
    b=["update pkt set id = 20"],
    a_later=Outcome({"pkt": [(10, "a"), (20, "a")]}),
)
TWO_KEYS_OF_A_UNIQUE_ROW = Case(
    "s79_two_keys_unique",
    Kind.KEY,
    "one row is given two keys, and has a unique value and a child",
    "create table pu (id int primary key, mail text unique); insert into pu values (1, 'm');"
    "create table cu (id int primary key, p int references pu on update cascade);"
    "insert into cu values (5, 1)",
    a=["update pu set id = 10"],
    b=["update pu set id = 20"],
    a_later=Outcome(
        {"pu": [(10, "m")], "cu": [(5, 10)]}, ["pu unique 20: 20 m", "cu concurrent 5: 5 20"]
    ),
    b_later=Outcome(
        {"pu": [(20, "m")], "cu": [(5, 20)]}, ["pu unique 10: 10 m", "cu concurrent 5: 5 10"]
    ),
)
UPDATED_AND_UNIQUE = Case(
    "s79_update_unique",
    Kind.KEY,
    "the key changed; the row updated elsewhere; it has a unique value and a child",
    "create table pv (id int primary key, mail text unique, t text);"
    "insert into pv values (1, 'm', 'a');"
    "create table cv (id int primary key, p int references pv on update cascade);"
    "insert into cv values (5, 1)",
    a=["update pv set id = 100"],
    b=["update pv set t = 'B'"],
    a_later=Outcome({"pv": [(100, "m", "a")], "cv": [(5, 100)]}, ["pv concurrent 1: 1 m B"]),
    b_later=Outcome(
        {"pv": [(1, "m", "B")], "cv": [(5, 1)]},
        ["pv concurrent 1: gone", "pv unique 100: 100 m a", "cv foreign key 5: 5 100"],
    ),
)
PARENT_KEY_CHANGED = Case(
    "s76_key",
    Kind.KEY,
    "a parent's key changed; a child of the old key inserted elsewhere",
    "create table kp (id int primary key); insert into kp values (1);"
    "create table kch (id int primary key, p int references kp on update cascade);"
    "insert into kch values (5, 1)",
    a=["update kp set id = 2"],
    b=["insert into kch values (6, 1)"],
    a_later=Outcome({"kp": [(2,)], "kch": [(5, 2), (6, 2)]}),
)
CHILD_OF_TWO_KEYS = Case(
    "s76_two_keys",
    Kind.KEY,
    "a parent is given two keys; a third site inserts a child of the old one",
    "create table kt (id int primary key); insert into kt values (1);"
    "create table ct (id int primary key, p int references kt on update cascade)",
    a=["update kt set id = 10"],
    b=["update kt set id = 20"],
    c=["insert into ct values (6, 1)"],
    sites=3,
    a_later=[
        Outcome({"kt": [(10,), (20,)], "ct": [(6, 10)]}),
        Outcome({"kt": [(10,), (20,)], "ct": [(6, 20)]}),
        # A site heard of the later delete from the other one, before the row that it points to.
        Outcome({"kt": [(1,), (10,), (20,)], "ct": [(6, 1)]}, ["kt foreign key 1: gone"]),
    ],
)
ON_UPDATE = {
    "no_action": ("NO ACTION", ""),
    "cascade": ("ON UPDATE CASCADE", "on update cascade"),
    "set_null": ("ON UPDATE SET NULL", "on update set null"),
    "set_default": ("ON UPDATE SET DEFAULT", "on update set default"),
}


def key_changed(name: str) -> Case:
    """A parent's key changed, a child of the old one inserted and one moved to it elsewhere."""
    title, action = ON_UPDATE[name]
    return Case(
        f"s76_key_{name}",
        Kind.CODE,
        f"the key, {title}; a child inserted and one moved to it elsewhere",
        "create table kp (id int primary key, t text); insert into kp values (0, 'z'), (1, 'p');"
        f"create table kc (id int primary key, p int default 0 references kp {action});"
        "insert into kc values (7, 0)",
        a=["update kp set id = 2 where id = 1"],
        b=["insert into kc values (6, 1)", "update kc set p = 1 where id = 7"],
        a_later=Outcome({"kp": [(0, "z"), (2, "p")], "kc": [(6, 2), (7, 2)]}),
    )


def code_changed(name: str) -> Case:
    """A code changed, a child of the old one inserted and one moved to it elsewhere."""
    title, action = ON_UPDATE[name]
    return Case(
        f"s76_code_{name}",
        Kind.CODE,
        f"a code, {title}; a child inserted and one moved to it elsewhere",
        "create table qp (id int primary key, code text unique);"
        "insert into qp values (1, 'old'), (9, 'z');"
        "create table qc (id int primary key,"
        f" code text default 'z' references qp (code) {action}); insert into qc values (7, 'z')",
        a=["update qp set code = 'new' where id = 1"],
        b=["insert into qc values (6, 'old')", "update qc set code = 'old' where id = 7"],
        a_later=Outcome({"qp": [(1, "new"), (9, "z")], "qc": [(6, "new"), (7, "new")]}),
    )


def child_changed(name: str, of_a: str | None) -> Case:
    """A code changed: what the foreign key writes into the child there, and a user elsewhere."""
    title, action = ON_UPDATE[name]
    there = "null" if of_a is None else of_a
    return Case(
        f"s76_child_{name}",
        Kind.CODE,
        f"a code, {title}; its child updated elsewhere",
        "create table rp (id int primary key, code text unique);"
        "insert into rp values (1, 'old'), (9, 'z');"
        "create table rc (id int primary key,"
        f" code text default 'z' references rp (code) {action}, t text);"
        "insert into rc values (5, 'old', 'a')",
        a=["update rp set code = 'new' where id = 1"],
        b=["update rc set t = 'B'"],
        a_later=Outcome(
            {"rp": [(1, "new"), (9, "z")], "rc": [(5, of_a, "a")]}, ["rc concurrent 5: 5 old B"]
        ),
        b_later=Outcome(
            {"rp": [(1, "new"), (9, "z")], "rc": [(5, "new", "B")]},
            [f"rc concurrent 5: 5 {there} a"],
        ),
    )


CODE_CHANGED_TWICE = Case(
    "s76_two_codes",
    Kind.CODE,
    "a code changed at two sites, ON UPDATE CASCADE; a third one inserts a child of the old one",
    "create table sp (id int primary key, code text unique); insert into sp values (1, 'old');"
    "create table sc (id int primary key, code text references sp (code) on update cascade);"
    "insert into sc values (5, 'old')",
    a=["update sp set code = 'new'"],
    b=["update sp set code = 'newer'"],
    c=["insert into sc values (6, 'old')"],
    sites=3,
    a_later=Outcome(
        {"sp": [(1, "new")], "sc": [(5, "new"), (6, "new")]},
        ["sp concurrent 1: 1 newer", "sc concurrent 5: 5 newer"],
    ),
    b_later=Outcome(
        {"sp": [(1, "newer")], "sc": [(5, "newer"), (6, "newer")]},
        ["sp concurrent 1: 1 new", "sc concurrent 5: 5 new"],
    ),
)

CASES = [
    KEY_UPDATE,
    DELETED_ELSEWHERE,
    TWO_ROWS_GET_ONE_KEY,
    ONE_ROW_GETS_TWO_KEYS,
    TWO_KEYS_OF_A_UNIQUE_ROW,
    UPDATED_AND_UNIQUE,
    PARENT_KEY_CHANGED,
    CHILD_OF_TWO_KEYS,
    *(key_changed(name) for name in ON_UPDATE),
    *(code_changed(name) for name in ON_UPDATE),
    child_changed("cascade", "new"),
    child_changed("set_null", None),
    child_changed("set_default", "z"),
    CODE_CHANGED_TWICE,
]
