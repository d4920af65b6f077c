-- Where the rows of a batch wait in the applying session, one table for all. source, xid: the site
-- that made the change, and its transaction there; mine: it is made here now, as a repair; seen:
-- for a change that has waited, what its origin had seen then; null: what came with this batch,
-- which is in bond_batch; hash: as in replicate_log, where changes of the table have waited.
-- again: it waited, and beats what was made here meanwhile, which its origin may take since it has
-- forgotten what it sent: it is sent again, as a repair. via: it waited as a change of another
-- origin; bond_joined: those.
-- cells: of a table that is merged by column, the versions that the row is made of, the latest
-- first, as objects: c: names of the columns that it wrote, null: all; stamp, site, repair, source,
-- xid: as above; mine: made here now. Null: one, of all columns. sent: the row as it came, where
-- columns of the row that is here have gone into vals.
-- preferred: what a policy made of the change that came, which is in bond_overruled.
-- bond_shape.policy: a policy other than latest is in force on this link.
-- counters: of a table with counters, what the origin knows of the row's: see replicate_counter.
-- only_counters: nothing but the counters of the row that is here is to be written; vals has the
-- rest as it is here, and the version is that of the row here, null: forgotten.
-- bond_batch.patience: lock_timeout of the session; waiting: changes that have waited are among
-- them; truncates: a TRUNCATE is. bond_turn: changes that the server refused and that have their
-- turn. bond_aside: rows whose latest state the origin has, and keeps parked. bond_removed.pointed:
-- values of the columns that foreign keys point at, also of those that do not travel.
-- bond_rewritten: rows that were given another parent, none, or removed, as their parent went
-- (parent: its key; was: the row's own, before; what: follow, clear, go): it is taken back where
-- the server refuses it. bond_refused: that; what: stay: a row that cannot. bond_before: the stage
-- before the first of these, and bond_batch.told: the last conflict that had been told then.
-- bond_shape.numbers: those of its columns here; together: equal where they are merged as one.
-- bond_shape.counted: its counters; null: none.
-- bond_shape.made: the session has its functions for the table as it is; learned: when that was.
-- Keys are compared bytewise, whatever collation a function's arguments give it: by the index.
create temporary table bond_stage (
    tab integer, key text [] collate "C", xid xid8, stamp timestamptz, site smallint,
    repair smallint, gone boolean, merged_into text [], vals text [], source smallint,
    mine boolean not null default false, seen jsonb, hash bigint,
    again boolean not null default false, via smallint, cells jsonb, sent text [],
    preferred boolean not null default false,
    counters jsonb, only_counters boolean not null default false
) on commit delete rows;
create temporary table bond_kept (like bond_stage) on commit delete rows;
create temporary table bond_overruled (like bond_stage) on commit delete rows;
create temporary table bond_batch (
    seen jsonb, impatient boolean, patience text, waiting boolean, truncates boolean, told bigint
) on commit delete rows;
create temporary table bond_aside (tab integer, key text [] collate "C") on commit delete rows;
create temporary table bond_removed (
    tab integer, key text [], vals text [], pointed text []
) on commit delete rows;
create temporary table bond_moved (tab integer, key text [], vals text []) on commit delete rows;
create temporary table bond_before (like bond_stage) on commit delete rows;
create temporary table bond_rewritten (
    tab integer, key text [] collate "C", was text [], constraint_name name, parent jsonb, what text
) on commit delete rows;
create temporary table bond_refused (
    tab integer, key text [] collate "C", constraint_name name, parent jsonb, what text
) on commit delete rows;
create index bond_rewritten_key on bond_rewritten using hash (key);
create index bond_refused_parent on bond_refused using hash (parent);
create temporary table bond_turn (id bigint) on commit delete rows;
create temporary table bond_joined (id bigint) on commit delete rows;
-- What contest_columns() compares: staged rows of one table (by their place in bond_stage) with the
-- row that is here and with what is remembered of it (known; t_*: the latest of it); then that,
-- column by column. theirs, ours: values; i_*: the version that comes, of cell nth; l_*: the one
-- here; seen: by the origin; taken: theirs stays.
create temporary table bond_met (
    place tid, gone boolean, vals text [], cells jsonb, here text [], known jsonb,
    waited boolean, stamp timestamptz, site smallint, repair smallint,
    t_stamp timestamptz, t_site smallint, t_repair smallint, t_seen boolean
) on commit delete rows;
create temporary table bond_column (
    place tid, n integer, name text, nth integer, theirs text, ours text, i_stamp timestamptz,
    i_site smallint, i_repair smallint, l_stamp timestamptz, l_site smallint, l_repair smallint,
    seen boolean, taken boolean
) on commit delete rows;
create index bond_met_place on bond_met (place);
create index bond_column_place on bond_column (place);
-- What the counters of staged rows come to, with what is known here (known: in replicate_counter).
-- behind: the row that is here has other values; what came of it is kept in bond_behind.
create temporary table bond_count (
    place tid, key text [] collate "C", hash bigint, known tid, here boolean,
    base_stamp timestamptz, base_site smallint, start jsonb, totals jsonb, vals text [],
    behind boolean, plain_stamp timestamptz, plain_site smallint
) on commit delete rows;
create temporary table bond_behind (like bond_stage) on commit delete rows;
create temporary table bond_shape (
    tab integer primary key, schema_name name, table_name name, columns name [],
    checked_late boolean, held text, origin_tab integer, key_columns name [],
    key_numbers smallint [], layout text, made boolean not null default false,
    learned xid8 not null default pg_current_xact_id(), by_column boolean, numbers smallint [],
    together integer [], policy boolean not null default false, counted name []
);
-- Parked changes of tables that can take them now, with the table as it is. A held table has its
-- own shape here too, without a column that the change carries; and a table that has taken the name
-- of one that was dropped is not that one. same_key: it is told by the key of now; whole: it says
-- what the row is now, since no column was added, renamed or given another type at its origin.
-- bond_due: those that are tried with this batch.
create temporary view bond_parked as
select p.*, c.tab, c.key_columns as key_now, c.columns as columns_now,
    p.key = '{}' or case
        when p.key_numbers is null or c.key_numbers is null
            then p.key_columns in ('{}', c.key_columns)
        else p.key_numbers = c.key_numbers
    end as same_key,
    p.gone or c.columns <@ p.columns and coalesce(p.layout = c.layout, true) as whole
from bondreplicate.replicate_parked as p
join bond_shape as c
    on c.schema_name = p.schema_name and c.table_name = p.table_name and c.held is null
    and coalesce(c.origin_tab = p.origin_tab, true)
where not exists (
    select from bond_shape as h
    where h.schema_name = p.schema_name and h.table_name = p.table_name and h.held is not null
);
create temporary view bond_due as
select p.* from bond_parked as p
where not p.refused or p.id in (select t.id from bond_turn as t);
