select extract(epoch from bondreplicate.replicate_now())::float8
