-- Whether a table still has that name.
select to_regclass(format('%%I.%%I', %(schema)s::text, %(table)s::text))::oid::bigint
    = %(oid)s::bigint as same
