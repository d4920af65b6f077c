-- Who this site was the last time the daemon ran; null where it never did.
select
    site,
    maxsites,
    incarnation,
    went_down_at
from bondreplicate.replicate_state
