-- Incoming rows of one table that meet a concurrent change made here, where the policy of the table
-- prefers something else than the later version: that is staged as a repair above both, and logged
-- in replicate_error. By the priority of sites, who else meets the same two makes the same; what a
-- hook makes has the number of the site that asked it: it may answer otherwise elsewhere. Both have
-- to come from their makers, and one has to be no repair: a third site does not know what had been
-- seen. Where it is in doubt, the later stays, by contest.sql. Returns conflicts logged.
create or replace function pg_temp.{function}(origin smallint, me smallint, batch_seen jsonb)
returns integer
language plpgsql
as $prefer$
#variable_conflict use_variable
declare
    conflicts integer;
begin
    if not exists (select from bondreplicate.replicate_log) then
        return 0;
    end if;
    with met as materialized (
        select s.ctid as place, s.key, s.stamp, s.site, s.repair, s.vals, s.merged_into, s.seen,
            m.stamp as m_stamp, m.site as m_site, m.repair as m_repair, m.merged_into as m_merged,
            (m.stamp, m.site, m.repair) > (s.stamp, s.site, s.repair) as lost
        from pg_temp.bond_stage as s
        left join bondreplicate.replicate_position as o on o.site = origin
        cross join {known}
        where s.tab = {tab} and s.key is not null and not s.mine and s.via is null
            and s.source = origin and s.stamp > {before_any}
            and m.source = me and m.origin_xid is null and not m.cut and not m.known
            -- Who has seen what a repair was made of has made it too, or has decided otherwise.
            and not m.shown and (m.repair = 0 or m.some_unseen)
            -- Of repairs the later stays, and a write that is later than one may rest on it.
            and (s.repair = 0 or m.repair = 0 and (m.stamp, m.site) < (s.stamp, s.site))
            -- What came from a third site may rest on what comes now.
            and not (m.others and exists (
                select from bondreplicate.replicate_position as p
                where p.site not in (me, origin)
                    and pg_visible_in_snapshot(s.xid, bondreplicate.position_in(p.seen, origin))
            ))
            -- A copy knows what the site that was copied had.
            and not coalesce(pg_visible_in_snapshot(s.xid, o.copied), false)
    ),
    clashed as materialized (
        select m.*, {vals_or_null} as here
        from met as m
        left join only {table} as t on {key_equal_m}
    ),
    sorted as (
        select c.*, l.*, e.*
        from clashed as c
        cross join lateral (
            select c.m_stamp, c.m_site, c.m_repair, c.here, c.m_merged where c.lost
            union all select c.stamp, c.site, c.repair, c.vals, c.merged_into where not c.lost
        ) as l (later_stamp, later_site, later_repair, later_vals, later_merged)
        cross join lateral (
            select c.stamp, c.site, c.repair, c.vals, c.merged_into where c.lost
            union all select c.m_stamp, c.m_site, c.m_repair, c.here, c.m_merged where not c.lost
        ) as e (earlier_stamp, earlier_site, earlier_repair, earlier_vals, earlier_merged)
        where c.vals is distinct from c.here
    ),
    preferred as materialized (
        select e.*, v.vals as new_vals, v.merged_into as new_merged, v.site as new_site,
            v.told_site, v.rule, v.other,
            e.later_stamp + interval '1 microsecond' as new_stamp,
            greatest(e.later_repair, e.earlier_repair) + 1 as new_repair
        from sorted as e
        join {verdict}
    ),
    {logged},
    kept as (
        insert into pg_temp.bond_overruled
        select s.* from pg_temp.bond_stage as s join preferred as p
            on s.ctid = p.place and p.other
    ),
    staged as (
        update pg_temp.bond_stage as s
        set vals = p.new_vals, gone = p.new_vals is null, merged_into = p.new_merged,
            stamp = p.new_stamp, site = p.new_site, repair = p.new_repair, source = me, xid = null,
            mine = true, preferred = true, again = false
        from preferred as p where s.ctid = p.place and p.other
    )
    select count(*) into conflicts from logged;
    return conflicts;
end
$prefer$
