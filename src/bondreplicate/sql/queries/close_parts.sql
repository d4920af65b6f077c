select c.part from bondreplicate.close_parts() as c (part)
