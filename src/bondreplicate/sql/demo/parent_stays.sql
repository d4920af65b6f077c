select p.id, p.name, l.orders, l.line, l.quantity
from public.products as p
left join public.order_lines as l on l.product = p.id
where p.name = 'Lamp'
