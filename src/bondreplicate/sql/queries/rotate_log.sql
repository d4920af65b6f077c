select bondreplicate.rotate_log(%(known)s::jsonb)
