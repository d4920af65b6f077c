-- What is applied is remembered.
    insert into bondreplicate.replicate_log (
        xid, origin_xid, stamp, hash, tab, site, repair, source, part, key, merged_into
    )
    select pg_current_xact_id(), case when not (s.mine or s.again) then s.xid end, s.stamp,
        case when s.key is null then {tab} else {hash_s} end, {tab}, s.site,
        s.repair + s.again::integer, case when s.mine or s.again then me else s.source end,
        p.part, s.key, s.merged_into
    from pg_temp.bond_stage as s cross join bondreplicate.replicate_state as p
    where s.tab = {tab} and not s.only_counters and (only_key is null or s.key = only_key);
