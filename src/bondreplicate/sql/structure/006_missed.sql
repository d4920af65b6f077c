-- A site that is not listed or not enabled misses what is forgotten meanwhile. What was committed
-- since is known by its number; what was open when that site last applied something is not: so it
-- is written down.
alter table bondreplicate.replicate_position add column missed int8multirange not null default '{}';
alter table bondreplicate.replicate_position add column copied pg_snapshot;
comment on column bondreplicate.replicate_position.missed is
'transactions of this site that its log has forgotten and that site was not known to have';
comment on column bondreplicate.replicate_position.copied is
'in a copy: position of the site that was copied';
