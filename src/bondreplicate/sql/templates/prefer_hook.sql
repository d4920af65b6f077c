lateral (
        select h.problem is null as other, h.vals,
            case when e.later_vals is null then e.later_merged else e.earlier_merged end
                as merged_into,
            me as site, e.later_site as told_site, coalesce(
                'the later version stays: ' || h.problem, 'what ' || {hook} || ' made of both stays'
            ) as rule
        from bondreplicate.ask_hook(
            {hook}, e.key, {key_columns}, {columns}, e.later_vals, e.earlier_vals,
            jsonb_build_object(
                'stamp', e.later_stamp at time zone 'UTC', 'site', e.later_site,
                'repair', e.later_repair
            ),
            jsonb_build_object(
                'stamp', e.earlier_stamp at time zone 'UTC', 'site', e.earlier_site,
                'repair', e.earlier_repair
            )
        ) as h
        where h.problem is not null or h.vals is distinct from e.later_vals
    ) as v on true
