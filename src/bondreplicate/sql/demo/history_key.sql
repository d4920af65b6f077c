-- What is replicated needs a key.
alter table pgbench_history add column id bigserial primary key;
