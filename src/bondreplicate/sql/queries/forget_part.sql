select bondreplicate.forget_part(%(part)s::smallint, %(known)s::jsonb)
