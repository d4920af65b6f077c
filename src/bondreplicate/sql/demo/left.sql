-- What replication still holds.
select
    (select count(*) from bondreplicate.replicate_log) as entries,
    (select count(*) from bondreplicate.replicate_parked) as parked
