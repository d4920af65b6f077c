-- Takes back what a policy preferred for staged rows of a table: the change that came is staged as
-- it came, and the conflict is not told. wanted_key: null: all rows of the table.
-- Writes pg_temp.bond_stage. Returns whether there was any.
create or replace function bondreplicate.unprefer(wanted_tab integer, wanted_key text [])
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    found_any boolean;
begin
    if not exists (select from pg_temp.bond_overruled) then
        return false;
    end if;
    with undone as (
        delete from pg_temp.bond_stage as s
        where s.tab = wanted_tab and s.preferred and (wanted_key is null or s.key = wanted_key)
        returning s.tab, s.key, s.stamp, s.repair
    ),
    untold as (
        delete from bondreplicate.replicate_error as e
        using undone as u, pg_temp.bond_shape as t
        where t.tab = u.tab and e.xid = pg_current_xact_id() and e.key = u.key
            and (e.schema_name, e.table_name) = (t.schema_name, t.table_name)
            and (e.winner_stamp, e.winner_repair) = (u.stamp, u.repair)
    ),
    restored as (
        insert into pg_temp.bond_stage
        select o.* from pg_temp.bond_overruled as o
        join undone as u on u.tab = o.tab and u.key = o.key
        returning 1
    )
    select exists (select from restored) into found_any;
    return found_any;
end
$$;
comment on function bondreplicate.unprefer(integer, text []) is
'takes back what a policy preferred for staged rows';
