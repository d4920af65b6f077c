-- Takes replication down: triggers and capture functions go, sequences are as they were, the schema
-- of the user is what it was before. What was not sent yet is kept and counted. Reads and writes
-- replicate_state, replicate_tables; see take_down().
-- Waits until the daemon does not follow tables or sequences just now (advisory lock), and keeps
-- it from beginning: what is undone here would be done again. Then everything is tried at once,
-- with short waits: while it waits for one table, users wait for those that it has. Where somebody
-- is in the way it lets go of all, and tries again, some ten seconds long. Returns what it did, in
-- words. Errors: 55P03 a transaction holds a table, a sequence or the batch lock.
create or replace function public.replicate_down()
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '200ms'
as $$
declare
    why text;
begin
    perform set_config('lock_timeout', '0', true);
    perform pg_advisory_xact_lock(1651469924, 4);
    perform set_config('lock_timeout', '200ms', true);
    for attempt in 1..20 loop
        begin
            return bondreplicate.take_down();
        exception
            when lock_not_available or deadlock_detected then
                get stacked diagnostics why = message_text;
        end;
        perform pg_sleep(0.3);
    end loop;
    raise lock_not_available using
        message = format('replication is not down: %s', why),
        detail = bondreplicate.holders_of_tables(),
        hint = 'end what holds it (commit; rollback prepared; pg_terminate_backend), and try again';
end
$$;
comment on function public.replicate_down() is
'takes replication down: releases tables, puts sequences back';
revoke all on function public.replicate_down() from public;
