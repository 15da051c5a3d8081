"""YAML that remembers its lines, so that an error can name the place where a person has to look."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from tally.errors import ContractError

Key = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


class Document:
    """One YAML file: its data, and the line of every key."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self._lines: dict[Key, int] = {}
        text = ""
        try:
            text = path.read_text(encoding="utf-8")
            node = yaml.compose(text, Loader=yaml.CSafeLoader)
        except OSError as error:
            raise ContractError(name, None, "file", f"cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise ContractError(name, None, "file", "is not UTF-8") from error
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else None
            raise ContractError(name, line, "YAML", str(error.problem)) from error
        except yaml.reader.ReaderError as error:
            line = text.encode()[: error.position].count(b"\n") + 1
            raise ContractError(name, line, "YAML", str(error.reason)) from error
        self._loader = yaml.CSafeLoader("")
        self.data: Any = self._build(node, ()) if node else {}

    def error(self, key: Key, message: str) -> ContractError:
        """An error at a key, or at the nearest key above it that has a line."""
        for end in range(len(key), -1, -1):
            if key[:end] in self._lines:
                return ContractError(self.name, self._lines[key[:end]], spelt(key), message)
        return ContractError(self.name, None, spelt(key), message)

    def check_once(self, key: Key, codes: Sequence[str | int], *within: str) -> None:
        """Raises  ContractError at the first that stands a second time, `within` its line."""
        for at, code in enumerate(codes):
            if code in codes[:at]:
                raise self.error((*key, at, *within), f"{code} stands twice")

    def _build(self, node: yaml.Node, key: Key) -> Any:
        self._lines.setdefault(key, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            built: dict[str, Any] = {}
            for name_node, value_node in node.value:
                name = str(name_node.value)
                line = name_node.start_mark.line + 1
                if name in built:
                    raise ContractError(self.name, line, spelt((*key, name)), "stands twice")
                self._lines[(*key, name)] = line
                built[name] = self._build(value_node, (*key, name))
            return built
        if isinstance(node, yaml.SequenceNode):
            return [self._build(item, (*key, index)) for index, item in enumerate(node.value)]
        try:
            return self._loader.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            raise self.error(key, f"{node.value} cannot be read; a text stands in quotes") from error


def spelt(key: Key) -> str:
    """`('rules', 3, 'says')` → `rules[3].says`; list positions count from 0 as in YAML paths."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "file"


def read_as(folder: Path, name: str, model: type[M]) -> tuple[Document, M]:
    """One file as what it has to be, with the lines of its keys.

    Raises  ContractError at the first key that is wrong, unknown or missing.
    """
    document = Document(folder / name, f"contracts/{name}")
    try:
        return document, model.model_validate(document.data)
    except ValidationError as error:
        first = error.errors()[0]
        keys = _keys(document.data, first["loc"])
        key: Key = tuple(part for part in first["loc"] if isinstance(part, int) or part in keys)
        message = {"extra_forbidden": "this key is not known", "missing": "is missing"}.get(first["type"])
        message = message or first["msg"].removeprefix("Value error, ")
        raise document.error(key or first["loc"], message) from None


def _keys(data: Any, loc: Sequence[str | int]) -> set[str]:
    """The parts of a pydantic location that are keys of the file (unions add names of types)."""
    found: set[str] = set()
    for part in loc:
        if isinstance(data, dict):
            if part in data:
                data = data[part]
                found.add(str(part))
            elif part == loc[-1]:
                found.add(str(part))
        elif isinstance(data, list) and isinstance(part, int) and part < len(data):
            data = data[part]
    return found
