-- What is applied is remembered: each version that a row is made of, with its columns.
    insert into bondreplicate.replicate_log (
        xid, origin_xid, stamp, hash, tab, site, repair, source, part, key, merged_into, changed
    )
    select pg_current_xact_id(), case when not (c.mine or s.again) then c.xid end, c.stamp,
        case when s.key is null then {tab} else {hash_s} end, {tab}, c.site,
        c.repair + s.again::integer, case when c.mine or s.again then me else c.source end,
        p.part, s.key, s.merged_into, case when not s.gone then c.changed end
    from pg_temp.bond_stage as s cross join bondreplicate.replicate_state as p
    cross join lateral (
        select s.stamp, s.site, s.repair, s.source, s.xid, s.mine, {all_numbers} as changed
        where s.cells is null
        union all
        select v.stamp, v.site, v.repair, v.source, v.xid, v.mine is not null, case
            when jsonb_typeof(v.c) is distinct from 'array' then {all_numbers}
            else array(
                select k.number from unnest({numbers}, {names}) as k (number, name)
                where v.c ? k.name
            )
        end
        from jsonb_to_recordset(s.cells) as v (
            c jsonb, stamp timestamptz, site smallint, repair smallint, source smallint, xid xid8,
            mine boolean
        )
    ) as c
    where s.tab = {tab} and (only_key is null or s.key = only_key);
