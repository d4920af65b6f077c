perform from pg_temp.bond_stage as s
    cross join lateral (select c.* from only {child} as c where {child_is_staged} offset 0) as c
    cross join lateral (
        select from {parent} as p where {parent_of_child} offset 0 for key share of p
    ) as p
    where s.tab = {tab} and not s.gone;
    select coalesce(jsonb_agg(jsonb_build_object(
        'child_tab', {tab}, 'child_key', s.key, 'constraint', {constraint}, 'action', {action},
        'positions', {positions}, 'clears', {clears},
        'key_positions', {key_positions},
        'parent_positions', {parent_positions},
        'parent_tab', {parent_tab}, 'parent_key', {parent_key},
        'child_fixed', {child_fixed}, 'defaults', {defaults}, 'full', {full}
    )), '[]') into more
    from pg_temp.bond_stage as s
    cross join lateral (select c.* from only {child} as c where {child_is_staged} offset 0) as c
    where s.tab = {tab} and not s.gone and {not_null}
        and (select not exists (select from {parent} as p where {parent_of_child}));
    broken := broken || more;
