lateral (
        select bondreplicate.is_preferred(
                {priority}, e.earlier_site, e.earlier_repair, e.later_site, e.later_repair
            ) as other, e.earlier_vals as vals, e.earlier_merged as merged_into,
            e.earlier_site as site, e.earlier_site as told_site,
            'the row of the preferred site stays' as rule
    ) as v on v.other
