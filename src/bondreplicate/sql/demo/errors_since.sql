-- What has been added to replicate_error.
select
    e.table_name,
    e.kind,
    e.rule,
    e.outcome,
    e.source,
    e.columns::text [] as columns,
    e.winner_site,
    e.winner_row,
    e.loser_site,
    e.loser_row
from bondreplicate.replicate_error as e
where e.id > %(id)s
order by e.id
