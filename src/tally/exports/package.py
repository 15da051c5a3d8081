"""A workbook's package, read and patched byte by byte: what is not touched stays as it was."""

import posixpath
import re
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from xml.parsers import expat
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

LARGEST_PART = 4_000_000
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


@dataclass(slots=True)
class Tag:
    """One element of an XML document by its place in the bytes: `<name …>` is start:inside, what it holds inside:close.

    Shape   `text` is kept for `t` alone, the element that holds the letters of a comment.
    """

    name: str
    attributes: dict[str, str]
    start: int
    inside: int
    parent: "Tag | None"
    close: int = 0
    end: int = 0
    text: str = ""


_START_TAG = re.compile(rb"""<[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")


def tags_of(xml: bytes) -> list[Tag]:
    """Every element in document order.

    Raises  ValueError or ExpatError for anything but UTF-8 without a document type: places are those of its bytes.
    """
    if b"\0" in xml[:4]:
        raise ValueError("not in UTF-8")
    found: list[Tag] = []
    open_tags: list[Tag] = []
    parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
    parser.buffer_text = True

    def start(name: str, attributes: dict[str, str]) -> None:
        at = parser.CurrentByteIndex
        whole = _START_TAG.match(xml, at)
        if whole is None:
            raise ValueError("a tag is not where the parser found it")
        local = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        tag = Tag(name.rpartition(" ")[2], local, at, whole.end(), open_tags[-1] if open_tags else None)
        found.append(tag)
        open_tags.append(tag)

    def end(_: str) -> None:
        tag = open_tags.pop()
        tag.close = max(parser.CurrentByteIndex, tag.start)
        if xml[tag.inside - 2 : tag.inside] == b"/>":
            tag.close = tag.end = tag.inside
        else:
            tag.end = xml.index(b">", tag.close) + 1

    def characters(text: str) -> None:
        if open_tags[-1].name == "t":
            open_tags[-1].text += text

    def doctype(*_: object) -> None:
        raise ValueError("a document type")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = characters, doctype
    parser.Parse(xml, True)
    return found


def prefix_of(xml: bytes, tag: Tag) -> str:
    """The namespace prefix that a tag is written with, `x:` or nothing."""
    written = re.split(rb"[\s/>]", xml[tag.start + 1 : tag.inside], maxsplit=1)[0].decode()
    return written.rpartition(":")[0] + ":" if ":" in written else ""


def with_attributes(start_tag: bytes, **values: object) -> bytes:
    """The same start tag with some of its attributes set."""
    for name, value in values.items():
        written = f"{name}={quoteattr(str(value))}".encode()
        old = re.search(rb"\s" + name.encode() + rb"""\s*=\s*(?:"[^"]*"|'[^']*')""", start_tag)
        start, end = old.span() if old else (_name_end(start_tag),) * 2
        start_tag = start_tag[:start] + b" " + written + start_tag[end:]
    return start_tag


def _name_end(start_tag: bytes) -> int:
    return len(re.split(rb"[\s/>]", start_tag, maxsplit=1)[0])


class Patch:
    """Replacements of byte ranges, made all at once."""

    def __init__(self, xml: bytes) -> None:
        self.original, self._pieces = xml, list[tuple[int, int, int, bytes]]()

    def replace(self, start: int, end: int, new: bytes) -> None:
        self._pieces.append((start, end, len(self._pieces), new))

    def append_inside(self, tag: Tag, new: bytes) -> None:
        """As the last of an element's children, also where it has none and closes itself."""
        if tag.close > tag.inside or self.original[tag.inside - 2 : tag.inside] != b"/>":
            self.replace(tag.close, tag.close, new)
        else:
            opened = self.original[tag.start : tag.inside - 2].rstrip()
            name = re.split(rb"\s", opened[1:], maxsplit=1)[0]
            self.replace(tag.start, tag.inside, opened + b">" + new + b"</" + name + b">")

    def made(self) -> bytes:
        result, at = [], 0
        for start, end, _, new in sorted(self._pieces):
            result += [self.original[at:start], new]
            at = end
        return b"".join([*result, self.original[at:]])


class Package:
    """The parts of a workbook, and what became of them."""

    def __init__(self, content: bytes) -> None:
        self._zip = ZipFile(BytesIO(content))
        self._infos = {info.filename: info for info in self._zip.infolist()}
        if len(self._infos) < len(self._zip.infolist()):
            raise ValueError("a part that stands twice")
        self._changed: dict[str, bytes] = {}
        self.workbook = next(target for kind, target in self.related("").values() if kind == "officeDocument")
        self.styles = next(target for kind, target in self.related(self.workbook).values() if kind == "styles")

    def __contains__(self, part: str) -> bool:
        return part in self._infos or part in self._changed

    def read(self, part: str) -> bytes:
        if part in self._changed:
            return self._changed[part]
        if self._infos[part].file_size > LARGEST_PART:
            raise ValueError(f"{part} is too large")
        with self._zip.open(part) as stream:
            return stream.read(LARGEST_PART + 1)

    def write(self, part: str, content: bytes) -> None:
        self._changed[part] = content

    @cached_property
    def sheets(self) -> dict[str, str]:
        """Worksheets by name, in the workbook's order."""
        parts = self.related(self.workbook)
        sheets = [tag.attributes for tag in tags_of(self.read(self.workbook)) if tag.name == "sheet"]
        return {sheet["name"]: parts[sheet["id"]][1] for sheet in sheets if parts[sheet["id"]][0] == "worksheet"}

    def related(self, part: str) -> dict[str, tuple[str, str]]:
        """The relationships of a part, or with "" of the package itself: id → (last word of the type, part)."""
        rels = _rels_of(part)
        if rels not in self:
            return {}
        links = [tag.attributes for tag in tags_of(self.read(rels)) if tag.name == "Relationship"]
        folder = posixpath.dirname(part)
        return {
            link["Id"]: (
                link["Type"].rpartition("/")[2],
                posixpath.normpath(posixpath.join("/", folder, link["Target"])).lstrip("/"),
            )
            for link in links
            if link.get("TargetMode") != "External"
        }

    def relate(self, part: str, link_id: str, kind: str, target: str) -> None:
        """Adds a relationship from a part to another."""
        rels = _rels_of(part)
        if rels not in self:
            self.write(rels, f'<?xml version="1.0" encoding="UTF-8"?>\n<Relationships xmlns="{_PACKAGE}"/>'.encode())
        xml = self.read(rels)
        root = tags_of(xml)[0]
        patch = Patch(xml)
        line = f'<{prefix_of(xml, root)}Relationship Id="{link_id}" Type="{OFFICE}/{kind}" Target="/{target}"/>'
        patch.append_inside(root, line.encode())
        self.write(rels, patch.made())

    def declare(self, part: str, content_type: str) -> None:
        """Says in the list of content types what a new part is: a .vml by its ending, any other by its name."""
        xml = self.read("[Content_Types].xml")
        root, *lines = tags_of(xml)
        ending = part.rpartition(".")[2]
        if ending == "vml":
            if any(line.attributes.get("Extension", "").lower() == ending for line in lines):
                return
            line = f'Default Extension="{ending}"'
        else:
            line = f'Override PartName="/{part}"'
        new = f'<{prefix_of(xml, root)}{line} ContentType="{content_type}"/>'.encode()
        self.write("[Content_Types].xml", xml[: root.inside] + new + xml[root.inside :])

    def saved(self) -> bytes:
        written = BytesIO()
        new_parts = [ZipInfo(part, (1980, 1, 1, 0, 0, 0)) for part in self._changed if part not in self._infos]
        with ZipFile(written, "w", ZIP_DEFLATED) as target:
            for info in [*self._infos.values(), *new_parts]:
                copy = ZipInfo(info.filename, info.date_time)
                copy.compress_type, copy.external_attr = ZIP_DEFLATED, info.external_attr
                content = self._changed.get(info.filename)
                target.writestr(copy, self._zip.read(info) if content is None else content)
        return written.getvalue()


def _rels_of(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")
