select bondreplicate.is_stable(
    format('l.tab = %%s', %(tab)s::integer), bondreplicate.known_vectors(%(served)s::smallint [])
)
