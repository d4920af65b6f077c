-- In a copy: every other site is asked again for everything that it still keeps.
update bondreplicate.replicate_position
set position = null, incarnation = null, seen = '{}'
