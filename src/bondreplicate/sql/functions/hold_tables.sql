-- Keeps writers out of every table staged until the transaction ends: what a link does after its
-- batch gave way several times, because on hot rows it would give way for ever. Readers go on. No
-- deadlock can come of it: it waits for one table while it holds no other, takes the rest without
-- waiting, and where one is held by somebody, lets go of all and begins with that one.
-- Locks: the site's batch (advisory), the tables EXCLUSIVE.
-- Errors: 55P03 a transaction holds a table for longer than lock_timeout; nothing is locked then.
create or replace function bondreplicate.hold_tables()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    names text [];
    wanted text;
    waiting boolean;
begin
    perform pg_advisory_xact_lock(1651469924, 1);
    select array_agg(format('%I.%I', c.schema_name, c.table_name) order by c.tab) into names
    from pg_temp.bond_shape as c
    where c.held is null and c.tab in (select s.tab from pg_temp.bond_stage as s);
    for attempt in 1..coalesce(array_length(names, 1), 0) * 3 loop
        begin
            waiting := true;
            foreach wanted in array names loop
                execute format(
                    'lock table %s in exclusive mode %s',
                    wanted, case when not waiting then 'nowait' end
                );
                waiting := false;
            end loop;
            return;
        exception
            when lock_not_available then
                if waiting then
                    raise;
                end if;
                names := wanted || array_remove(names, wanted);
        end;
    end loop;
end
$$;
comment on function bondreplicate.hold_tables() is 'keeps writers out of the tables of a batch';
