"""DuckDB, asked for rows and given rows."""

from collections.abc import Iterable, Sequence
from typing import Any

import duckdb
import pyarrow as pa


def rows_of(connection: duckdb.DuckDBPyConnection, query: str, **names: Any) -> list[dict[str, Any]]:
    """The rows of a query, each by the names of its columns."""
    answer = connection.execute(query, names)
    columns = [column[0] for column in answer.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]


def give_texts(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], rows: Iterable[Sequence[str | None]]
) -> None:
    """Let a connection know rows of texts as a table; of no rows, too, every column is a text."""
    schema = pa.schema([(name, pa.string()) for name in columns])
    given = [dict(zip(columns, row, strict=True)) for row in rows]
    connection.register(table, pa.Table.from_pylist(given, schema))


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
