perform from pg_temp.bond_stage as s
    join only {child} as c on {child_is_staged}
    join {parent} as p on {parent_of_child}
    where s.tab = {tab} and not s.gone
    for key share of p;
    select coalesce(jsonb_agg(jsonb_build_object(
        'child_tab', {tab}, 'child_key', s.key, 'constraint', {constraint}, 'action', {action},
        'positions', {positions}, 'clears', {clears},
        'key_positions', {key_positions},
        'parent_positions', {parent_positions},
        'parent_tab', {parent_tab}, 'parent_key', {parent_key},
        'child_fixed', {child_fixed}, 'defaults', {defaults}, 'full', {full}
    )), '[]') into more
    from pg_temp.bond_stage as s
    join only {child} as c on {child_is_staged}
    where s.tab = {tab} and not s.gone and {not_null}
        and not exists (select from {parent} as p where {parent_of_child});
    broken := broken || more;
