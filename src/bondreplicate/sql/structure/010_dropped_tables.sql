-- What waited for a table that was dropped is a conflict of its own kind.
comment on column bondreplicate.replicate_error.kind is
'concurrent, unique, foreign key, truncate, dropped: what clashed';
