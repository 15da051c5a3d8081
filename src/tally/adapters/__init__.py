"""The only floor that touches the world: files, Great Expectations, dbt, DuckDB."""

import logging

logging.getLogger("great_expectations").propagate = False  # its modules set their own level, INFO
