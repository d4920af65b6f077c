-- Where the rows of a batch wait in the applying session, one table for all. source, xid: the site
-- that made the change, and its transaction there; mine: it is made here now, as a repair; seen:
-- for a change that has waited, what its origin had seen then; null: what came with this batch,
-- which is in bond_batch; hash: as in replicate_log, for a change that has waited. bond_aside: rows whose latest state the origin has, and keeps parked.
create temporary table bond_stage (
    tab integer, key text [], xid xid8, stamp timestamptz, site smallint, repair smallint,
    gone boolean, merged_into text [], vals text [], source smallint,
    mine boolean not null default false, seen jsonb, hash bigint
) on commit delete rows;
create temporary table bond_batch (seen jsonb) on commit delete rows;
create temporary table bond_aside (tab integer, key text []) on commit delete rows;
create temporary table bond_removed (tab integer, key text [], vals text []) on commit delete rows;
create temporary table bond_moved (tab integer, key text [], vals text []) on commit delete rows;
create temporary table bond_shape (
    tab integer primary key, schema_name name, table_name name, columns name [],
    checked_late boolean, held text, origin_tab integer, key_columns name []
);
