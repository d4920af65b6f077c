lateral (
        -- Nothing keeps a second row from having this key.
        select t.ctid, t.* from only {table} as t where {same} order by t.ctid limit 1
    ) as t on true
