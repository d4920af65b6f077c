select c.id, c.email, c.name, array_agg(o.id order by o.id) as orders
from public.customers as c
left join public.orders as o on o.customer = c.id
where c.email = 'ada@example.org'
group by c.id
