-- Rows from before the first start are sent to nobody: sites that began apart, and not as copies of
-- each other, hold the same rows only if somebody saw to that.
alter table bondreplicate.replicate_state
add column lineages uuid [] not null default '{}';
comment on column bondreplicate.replicate_state.lineages is
'first starts whose rows are here: its own, or that of the database it is a copy of, and those of '
'sites that `verify` found the same; empty: begun before this was written down';
