select bondreplicate.known_vectors(%(served)s::smallint [])
