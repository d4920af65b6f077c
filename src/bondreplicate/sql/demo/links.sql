-- What this site has applied of each other site, and what clashed with what it wrote.
select
    p.site as origin,
    p.rows,
    p.lag_s,
    (
        select count(*) from bondreplicate.replicate_error as e
        where e.source = s.site and p.site in (e.winner_site, e.loser_site)
    ) as conflicts
from bondreplicate.replicate_position as p
cross join bondreplicate.replicate_state as s
where p.site <> s.site
order by p.site
