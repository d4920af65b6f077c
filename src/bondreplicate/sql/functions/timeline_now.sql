-- Timeline of the server's log that is in use. pg_control_checkpoint() tells that of the last
-- checkpoint, which, after a standby was promoted, is the old one for minutes.
create or replace function bondreplicate.timeline_now()
returns integer
language sql
stable
set search_path = pg_catalog, pg_temp
return case
    when pg_is_in_recovery() then (select p.timeline_id from pg_control_checkpoint() as p)
    else ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer
end;
comment on function bondreplicate.timeline_now() is 'timeline of the server''s log in use';
