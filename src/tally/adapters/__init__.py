"""The only floor that touches the world: files, Great Expectations, dbt, DuckDB."""
