-- How many batches of each site were applied here.
select
    site,
    batches
from bondreplicate.replicate_position
