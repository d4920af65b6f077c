-- Who this site was the last time the daemon ran; null where it never did.
select
    site,
    maxsites,
    incarnation
from bondreplicate.replicate_state
