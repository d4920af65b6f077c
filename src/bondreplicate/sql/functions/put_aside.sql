-- Takes keys of a table out of the log that cannot be read any more, where what comes cannot be
-- compared with what is remembered. Returns whether there were any: it is worth another try.
create or replace function bondreplicate.put_aside(tab integer)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    gone bigint;
begin
    execute format('select count(*) from pg_temp.unreadable_%s()', tab) into gone;
    return gone > 0;
exception
    when others or assert_failure or query_canceled then
        if not bondreplicate.is_refusal(sqlstate) then
            raise;
        end if;
        return false;
end
$$;
comment on function bondreplicate.put_aside(integer) is
'takes keys out of the log that cannot be read any more';
