-- Rows of a table and a checksum that does not depend on their order.
select
    count(*) as number,
    coalesce(md5(sum(('x' || md5(t::text))::bit(64)::bigint::numeric)::text), '-') as checksum
from {table} as t
