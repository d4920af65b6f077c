"""What happens inside one site: structure, tables, sequences, capture, extract, apply, prune."""
