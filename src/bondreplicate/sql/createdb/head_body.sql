create schema if not exists bondreplicate
