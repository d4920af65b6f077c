begin
            perform {cast};
        exception
            when data_exception or check_violation or undefined_table or undefined_object
                or undefined_function or invalid_schema_name or ambiguous_function then
                why := sqlerrm;
                places := places || {place};
                -- Only these are written otherwise by now: labels of an enum, names of objects.
                if sqlstate like '42%' or sqlstate = '3F000' or exists (
                    select from pg_type as t
                    where t.oid = {type}::regtype
                        and 'e' in (t.typtype, (
                            select b.typtype from pg_type as b where b.oid = t.typbasetype
                        ))
                ) then
                    loose := loose || {place};
                end if;
        end;
