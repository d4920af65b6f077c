"""The convergence model: sites, links and repairs without a database.

What is decided here, by random histories, is what the SQL does: see docs/explanation/model.md.
"""
