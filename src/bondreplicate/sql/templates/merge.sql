-- Writes the staged rows of one table: deletes, updates, inserts; then
-- remembers their versions in replicate_log. With `careful`, rows are taken
-- out before they are put back, so that unique values may change hands; so they are where a value
-- of GENERATED ALWAYS AS IDENTITY differs, which no UPDATE can set.
-- With `only_key`, just that row. Raises 40001 where a user changed one of the rows meanwhile.
create or replace function pg_temp.{function}(
    origin smallint, me smallint, before pg_snapshot, careful boolean, only_key text []
)
returns void
language plpgsql
as $merge$
#variable_conflict use_variable
begin
    {count_mine}
    insert into pg_temp.bond_removed (tab, key, vals, pointed)
    select {tab}, s.key, {vals}, {pointed}
    from pg_temp.bond_stage as s join only {table} as t on {key_equal_s}
    where {referenced} and s.tab = {tab} and (only_key is null or s.key = only_key)
        and (s.gone or {reference_changed});
    delete from only {table} as t using pg_temp.bond_stage as s
    where s.tab = {tab} and s.gone and (only_key is null or s.key = only_key) and {key_equal_s};
    if careful or exists (
        select from pg_temp.bond_stage as s join only {table} as t on {key_equal_s}
        where {identity_changed} and s.tab = {tab} and not s.gone
    ) then
        with taken as (
            delete from only {table} as t using pg_temp.bond_stage as s
            where s.tab = {tab} and not s.gone and (only_key is null or s.key = only_key)
                and {key_equal_s}
            returning s.key, {local_vals} as vals
        )
        insert into pg_temp.bond_moved (tab, key, vals) select {tab}, k.key, k.vals from taken as k;
        insert into {table} ({all_columns}) overriding system value
        select {all_values}
        from pg_temp.bond_stage as s join pg_temp.bond_moved as m on m.tab = s.tab and m.key = s.key
        where s.tab = {tab} and not s.gone;
    else
        {update}
    end if;
    insert into {table} ({columns}) overriding system value
    select {values}
    from pg_temp.bond_stage as s
    where s.tab = {tab} and not (s.gone or s.only_counters)
        and (only_key is null or s.key = only_key)
        -- No join: by the index of the key, also where the planner believes the table to be empty.
        and (select not exists (select from only {table} as t where {key_equal_s}));
    {count_gone}
    {remember}
    if exists (
        select from bondreplicate.replicate_log as l
        where l.tab = {tab} and l.xid >= pg_snapshot_xmin(before) and l.xid <> pg_current_xact_id()
            and not pg_visible_in_snapshot(l.xid, before)
            and (l.key is null or l.hash in (
                select {hash_s} from pg_temp.bond_stage as s
                where s.tab = {tab} and s.key is not null
            ))
    ) then
        raise serialization_failure
            using message = format('%s was changed here meanwhile', {display});
    end if;
    -- Now that it is locked, its name stays: was it that of another table, just renamed?
    if to_regclass({regclass})::oid <> {oid} then
        raise exception using errcode = 'BR035',
            message = format('%s is another table now', {display});
    end if;
end
$merge$
