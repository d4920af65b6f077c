\set ON_ERROR_STOP on
set client_min_messages = warning;
begin;
select pg_advisory_xact_lock(1651469924, 2) \g /dev/null
create schema if not exists bondreplicate;
