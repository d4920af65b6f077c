and (c.source = me or c.source not in ( -- makers tell: a third cannot know what they had seen
                select h.site from bondreplicate.replicate_hosts as h where h.enabled
            ))
