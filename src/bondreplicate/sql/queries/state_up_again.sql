update bondreplicate.replicate_state set went_down_at = null, unsent_when_down = null
