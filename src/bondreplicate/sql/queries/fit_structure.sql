-- Whether createdb.sql was run here; asks nothing that may be missing.
select to_regclass('bondreplicate.replicate_hosts') is not null as installed
