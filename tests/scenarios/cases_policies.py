"""The same row written at two sites, in tables where not the later version is to stay."""

from bondreplicate.core.policies import HOOK, SITE_PRIORITY, Policy
from tests.scenarios.cases import Case, Kind, Outcome

PREFERRED = Case(
    "s62_site_priority",
    Kind.POLICY,
    "site-priority, A first: a row updated at both, one deleted at A, one deleted at B",
    "create table sp (id int primary key, t text);insert into sp values (1, ''), (2, ''), (3, '')",
    a=["update sp set t = 'A' where id in (1, 3)", "delete from sp where id = 2"],
    b=["update sp set t = 'B' where id in (1, 2)", "delete from sp where id = 3"],
    a_later=Outcome(
        {"sp": [(1, "A"), (3, "A")]},
        ["sp concurrent 1: 1 B", "sp concurrent 2: 2 B", "sp concurrent 3: gone"],
    ),
    policy=Policy(SITE_PRIORITY, (1, 2)),
)
MADE_OF_BOTH = Case(
    "s62_hook",
    Kind.POLICY,
    "hook, a function that adds up both",
    "create table ho (id int primary key, n int); insert into ho values (1, 0);"
    "create function added(key text[], later jsonb, earlier jsonb, lv jsonb, ev jsonb)"
    " returns jsonb immutable language sql as $$select jsonb_build_object("
    "'n', (later ->> 'n')::int + (earlier ->> 'n')::int)$$",
    a=["update ho set n = 5"],
    b=["update ho set n = 3"],
    a_later=Outcome({"ho": [(1, 8)]}, ["ho concurrent 1: 1 5", "ho concurrent 1: 1 3"]),
    policy=Policy(HOOK, hook="added"),
)

CASES = [PREFERRED, MADE_OF_BOTH]
