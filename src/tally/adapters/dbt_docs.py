"""dbt docs as one page that opens from disk: what each mart and each of its columns is, and what it is made of."""

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

_OF_A_NODE = (
    *("unique_id", "name", "resource_type", "package_name", "original_file_path", "fqn", "alias", "schema", "access"),
    *("description", "docs", "tags", "meta", "language", "raw_code", "refs", "column_name", "test_metadata"),
    *("source_name", "source_description", "identifier", "loader"),
)
_OF_A_COLUMN = ("name", "description", "data_type", "constraints", "tags", "meta")
_NOT_PUBLISHED = ("working", "published")  # databases of the build that no reader has
_MAPS = ("parent_map", "child_map")
_HEAD = "<title>dbt Docs</title>"
_OUR_HEAD = """<title>Các bảng số liệu – The marts (dbt docs)</title>
<style>
tr.column-row td[style*=ellipsis] { white-space: normal !important; max-width: none !important }
.table-responsive { max-height: none !important }
</style>"""


def docs_page(manifest: Any, database: str) -> str:
    """The page that `dbt docs generate --static` makes, of the project alone.

    Shape   manifest: dbt's, parsed; database: what readers open, as `national`. Types are those that the contracts of
            the models enforce, so that no mart has to be built to know them. Only what the page shows goes into it: no
            path of this machine, no time, no user. The same project gives the same bytes.
    """
    from dbt.task.docs import DOCS_INDEX_FILE_PATH

    said = manifest.writable_manifest().to_dict(omit_none=True)
    given = {name: one for name, one in said["sources"].items() if one["database"] not in _NOT_PUBLISHED}
    known = said["nodes"].keys() | given.keys()
    nodes, sources = (_nodes(which, known, database) for which in (said["nodes"], given))
    shown = {
        "metadata": {
            "adapter_type": said["metadata"]["adapter_type"],
            "project_name": said["metadata"]["project_name"],
        },
        "nodes": nodes,
        "sources": sources,
        "docs": said["docs"],
        **{which: {name: _among(known, said[which].get(name, ())) for name in sorted(known)} for which in _MAPS},
        **{kind: {} for kind in ("macros", "exposures", "metrics", "groups", "disabled", "semantic_models")},
        **{kind: {} for kind in ("saved_queries", "unit_tests", "functions")},
    }
    catalog = {"nodes": _catalog(nodes), "sources": _catalog(sources)}
    page = Path(DOCS_INDEX_FILE_PATH).read_text(encoding="utf-8").replace(_HEAD, _OUR_HEAD)
    return page.replace('"MANIFEST.JSON INLINE DATA"', _inline(shown)).replace(
        '"CATALOG.JSON INLINE DATA"', _inline(catalog)
    )


def _nodes(nodes: Mapping[str, Mapping[str, Any]], known: Collection[str], database: str) -> dict[str, dict[str, Any]]:
    return {
        name: {
            **{key: node[key] for key in _OF_A_NODE if key in node},
            # the two languages one below the other
            "description": node["description"].strip().replace(" / ", "\n\n"),
            "database": node["database"] if node["database"] in _NOT_PUBLISHED else database,
            "config": {key: node["config"].get(key) for key in ("materialized", "contract")},
            "columns": {
                column["name"]: {key: column[key] for key in _OF_A_COLUMN if key in column}
                for column in node["columns"].values()
            },
            "depends_on": {"nodes": _among(known, node.get("depends_on", {}).get("nodes", ())), "macros": []},
        }
        for name, node in sorted(nodes.items())
    }


def _among(known: Collection[str], names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name in known)


def _catalog(nodes: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What dbt would ask the database: columns with their types, in their order."""
    return {
        name: {
            "unique_id": name,
            "metadata": {
                "type": node["config"]["materialized"] or "table",
                "database": node["database"],
                "schema": node["schema"],
                "name": node["name"],
                "comment": None,
                "owner": None,
            },
            "columns": {
                column["name"]: {"name": column["name"], "type": column["data_type"], "index": index, "comment": None}
                for index, column in enumerate(node["columns"].values(), start=1)
                if "data_type" in column
            },
            "stats": {},
        }
        for name, node in nodes.items()
        if node["resource_type"] != "test"
    }


def _inline(data: Any) -> str:
    """JSON that can stand in a script of a page."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
