-- What a site misses is written down from the moment when it is noted here. What was forgotten
-- before, it has only if the copy that it began as had it.
alter table bondreplicate.replicate_position add column forgotten jsonb;
comment on column bondreplicate.replicate_position.forgotten is
'what the log of this site had forgotten when that site was noted here: newest transaction, and '
'positions of the sites that had all of it; null: nothing';
