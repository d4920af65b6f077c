select exists (select from bondreplicate.replicate_log)
