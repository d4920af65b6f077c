-- Is there anything to do? All that an idle daemon asks once a second. Takes no lock.
select pg_current_snapshot()::text as snapshot,
    exists (select from bondreplicate.replicate_log) as entries
