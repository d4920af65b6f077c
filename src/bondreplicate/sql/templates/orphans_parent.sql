select coalesce(jsonb_agg(jsonb_build_object(
        'child_tab', {child_tab}, 'child_key', {child_key}, 'constraint', {constraint},
        'action', {action}, 'positions', {positions}, 'clears', {clears},
        'key_positions', {key_positions},
        'parent_positions', {parent_positions},
        'parent_tab', {tab}, 'parent_key', r.key, 'parent_vals', r.vals,
        'parent_now', {parent_now}, 'child_fixed', {child_fixed},
        'defaults', {defaults}, 'full', {full}
    )), '[]') into more
    from pg_temp.bond_removed as r
    join only {child} as c on {child_of_removed}
    where r.tab = {tab}
        and (select not exists (select from only {parent} as p where {parent_of_child}));
    broken := broken || more;
