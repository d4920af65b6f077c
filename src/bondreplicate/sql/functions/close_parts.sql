-- Closes the part of the log that takes entries, where it has any and another is free; from the
-- next statement on writers use the other. Returns the parts that are closed.
-- Closes also what has entries and does not take them: a writer may have read which part does (an
-- old snapshot told it), and have come to write only after that part was truncated.
create or replace function bondreplicate.close_parts()
returns setof smallint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    p record;
    active smallint;
    free smallint;
    used boolean;
begin
    select s.part into active from bondreplicate.replicate_state as s;
    for p in
        select r.part from bondreplicate.replicate_part as r
        where r.closed_at is null and r.part <> active order by r.part
    loop
        execute format('select exists (select from bondreplicate.replicate_log_%s)', p.part)
        into used;
        if used then
            update bondreplicate.replicate_part as r set closed_at = clock_timestamp()
            where r.part = p.part;
        else
            free := coalesce(free, p.part);
        end if;
    end loop;
    execute format('select exists (select from bondreplicate.replicate_log_%s)', active) into used;
    if used and free is not null then
        update bondreplicate.replicate_state set part = free;
        update bondreplicate.replicate_part as r set closed_at = clock_timestamp()
        where r.part = active;
    end if;
    return query
    select r.part from bondreplicate.replicate_part as r
    where r.closed_at is not null order by r.closed_at;
end
$$;
comment on function bondreplicate.close_parts() is 'closes the part of the log that takes entries';
