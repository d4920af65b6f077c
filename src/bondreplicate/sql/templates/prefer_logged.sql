logged as (
        insert into bondreplicate.replicate_error (
            source, schema_name, table_name, key, kind, rule, outcome, columns, winner_stamp,
            winner_site, winner_repair, winner_row, loser_stamp, loser_site, loser_repair, loser_row
        )
        select me, {schema_name}, {table_name}, p.key, 'concurrent', p.rule,
            case
                when not p.other and p.lost then 'the incoming change was not applied'
                when not p.other then 'the change made here was replaced'
                when p.lost = l.later then 'the change made here was replaced'
                else 'the incoming change was not applied'
            end,
            {columns}, w.*, l.stamp, l.site, l.repair, l.vals
        from preferred as p
        cross join lateral (
            select p.new_stamp, p.told_site, p.new_repair, p.new_vals where p.other
            union all
            select p.later_stamp, p.later_site, p.later_repair, p.later_vals where not p.other
        ) as w (stamp, site, repair, vals)
        cross join lateral (
            select true, p.later_stamp, p.later_site, p.later_repair, p.later_vals where p.other
            union all
            select false, p.earlier_stamp, p.earlier_site, p.earlier_repair, p.earlier_vals
            where not p.other or p.new_vals is distinct from p.earlier_vals
        ) as l (later, stamp, site, repair, vals)
        on conflict do nothing
        returning 1
    )
