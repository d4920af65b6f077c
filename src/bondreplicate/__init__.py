"""Bond Replicate: master-to-master replication between stock PostgreSQL servers."""

__version__ = "0.1.0"
