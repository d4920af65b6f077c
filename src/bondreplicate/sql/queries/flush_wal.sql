select bondreplicate.flush_wal(%(upto)s::pg_lsn)
