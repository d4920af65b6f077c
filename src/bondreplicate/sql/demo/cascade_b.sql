insert into public.order_lines (orders, line, product, quantity) values (8, 3, 1, 1)
