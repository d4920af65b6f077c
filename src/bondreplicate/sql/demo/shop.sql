-- The database of the demo: a small shop.
create table customers (
    id serial primary key,
    email text not null unique,
    name text not null
);
create table products (
    id serial primary key,
    name text not null unique,
    price numeric(10, 2) not null check (price >= 0)
);
create table orders (
    id serial primary key,
    customer integer not null references customers,
    placed_at timestamptz not null default now()
);
create table order_lines (
    orders integer not null references orders on delete cascade,
    line integer not null,
    product integer not null references products,
    quantity integer not null check (quantity > 0),
    primary key (orders, line)
);
create table probe (
    id serial primary key,
    written_at timestamptz not null default clock_timestamp()
);
insert into customers (email, name)
select n || '@example.org', 'Customer ' || n from generate_series(1, 500) as n;
insert into products (name, price)
values ('Ink', 8.50), ('Pen', 24.00), ('Paper', 3.20), ('Blotter', 5.00), ('Lamp', 49.00);
insert into orders (customer)
select 1 + n % 500 from generate_series(1, 1000) as n;
insert into order_lines (orders, line, product, quantity)
select n, line, 1 + (n + line) % 3, 1 + n % 4
from generate_series(1, 1000) as n cross join generate_series(1, 2) as line;
