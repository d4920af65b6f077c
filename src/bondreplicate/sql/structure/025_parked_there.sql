-- A deletion that another site keeps parked has still to be compared there with what was added to
-- its row: whoever made it must not forget that before.
alter table bondreplicate.replicate_position add column parked_there text [] not null default '{}';
comment on column bondreplicate.replicate_position.parked_there is
'tables of which that site kept changes parked, when it sent its last batch';
