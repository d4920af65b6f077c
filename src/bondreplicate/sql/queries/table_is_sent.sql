-- Whether every other enabled site has what was captured of a table here.
select bondreplicate.is_stable(
    format('l.tab = %%s and l.source = %%s', %(tab)s::integer, s.site),
    bondreplicate.known_vectors(%(served)s::smallint [])
)
from bondreplicate.replicate_state as s
