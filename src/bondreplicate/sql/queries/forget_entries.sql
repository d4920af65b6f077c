-- Forgets what the log has of a table, sent or not: every row of it is sent anew.
delete from bondreplicate.replicate_log where tab = %(tab)s
