-- What has been applied here of every other site: site number to snapshot.
select coalesce(
    jsonb_object_agg(site::text, position::text) filter (where position is not null), '{}'
)::text as vector
from bondreplicate.replicate_position
