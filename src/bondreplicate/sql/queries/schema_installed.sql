select to_regclass('bondreplicate.replicate_structure')::oid
