insert into public.order_lines (orders, line, product, quantity)
select 7, 3, id, 1 from public.products where name = 'Lamp'
