insert into pg_temp.bond_shape (
    tab, schema_name, table_name, columns, checked_late, held, origin_tab, key_columns,
    key_numbers, layout, by_column, numbers, together, policy,
    counted
)
values (
    %(tab)s, %(schema)s, %(table)s, %(columns)s::name [], %(checked_late)s, %(held)s,
    %(origin_tab)s,
    %(key_columns)s::name [],
    %(key_numbers)s::smallint [], %(layout)s, %(by_column)s, %(numbers)s::smallint [],
    %(together)s::integer [], %(policy)s, %(counted)s::name []
)
