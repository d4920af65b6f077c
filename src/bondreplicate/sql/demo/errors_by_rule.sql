-- All conflicts, by what clashed and by the rule that decided.
select e.table_name, e.kind, e.rule, e.outcome, count(*) as number
from bondreplicate.replicate_error as e
group by 1, 2, 3, 4
order by 5 desc, 1, 2, 3, 4
