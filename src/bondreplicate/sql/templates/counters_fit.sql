not exists (
            select from unnest({numbers}::smallint [], {names}::text []) as f (number, name)
            where (pg_identify_object_as_address('pg_class'::regclass, tg_relid, f.number))
                .object_names[3] is distinct from f.name
        )