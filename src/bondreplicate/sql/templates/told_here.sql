and (c.source = me or c.source not in ( -- a policy is told of by the makers
                select h.site from bondreplicate.replicate_hosts as h where h.enabled
            ))
