-- Writes one row as a user of the table would: texts become values under the settings that they
-- were read with; then come those of the role and the database, which the table's own triggers
-- expect, until the end of the transaction. Deferred checks are made at once.
-- vals: of the columns that are written. place: of the row that is there, locked by the caller.
-- Returns how many rows were written: 0 where a trigger keeps it from being.
create or replace function pg_temp.bond_undo(vals text [], place tid, settings text [])
returns bigint
language plpgsql
as $undo$
#variable_conflict use_variable
declare
    r {table}%rowtype;
    written bigint;
begin
    {assign}
    perform set_config(s.name, s.reset_val, true)
    from pg_catalog.pg_settings as s where lower(s.name) = any (settings);
    {write}
    get diagnostics written = row_count;
    set constraints all immediate;
    return written;
end
$undo$
