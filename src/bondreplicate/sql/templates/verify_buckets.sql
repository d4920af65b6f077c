-- Content of a table in buckets of its keys: number of
-- rows, and an xor of their digests, which knows no order.
-- md5 of text, because it is the same in every version; hashtext() is not.
select
    k.bucket,
    count(*) as rows,
    bit_xor(('x' || left(k.digest, 16))::bit(64)::bigint) as high,
    bit_xor(('x' || right(k.digest, 16))::bit(64)::bigint) as low
from (
    select
        mod(('x' || left(md5({key}), 8))::bit(32)::bigint, %(buckets)s::bigint) as bucket,
        md5({row}) as digest
    from {table} as t
) as k
group by k.bucket
