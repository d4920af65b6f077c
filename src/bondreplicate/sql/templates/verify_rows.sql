-- The rows of some buckets, in an order that is the same everywhere.
select
    k.key_digest,
    k.key,
    k.digest
from (
    select
        md5({key}) as key_digest,
        {key_array} as key,
        md5({row}) as digest
    from {table} as t
) as k
where
    mod(('x' || left(k.key_digest, 8))::bit(32)::bigint, %(buckets)s::bigint)
    = any(%(wanted)s::bigint [])
order by k.key_digest collate "C"
