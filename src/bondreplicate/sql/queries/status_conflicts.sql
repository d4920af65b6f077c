-- Conflicts of the last 24 hours, by kind.
select
    kind,
    count(*) as conflicts,
    max(at) as latest
from bondreplicate.replicate_error
where at >= clock_timestamp() - interval '24 hours'
group by kind
order by kind
