-- What is known of the row's counters, also where it is gone.
left join lateral (
    select jsonb_build_object(
        'stamp', c.base_stamp, 'site', c.base_site, 'totals', c.totals,
        'begun', {begun}, 'start', nullif(c.start, '{{}}')
    ) as counters
    from bondreplicate.replicate_counter as c
    where c.tab = {tab} and c.hash = {hash_k} and {key_equal_ck}
    limit 1
) as n on true
