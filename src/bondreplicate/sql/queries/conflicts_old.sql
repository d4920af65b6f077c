-- How many conflicts are older than that.
select count(*)
from bondreplicate.replicate_error as e
where e.at < now() - make_interval(secs => %(age_s)s::double precision)
