"""A folder of pages: where their links lead, and what they make a browser fetch."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page points to (`links`), what can be pointed to in it (`anchors`), what it loads (`fetched`)."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.fetched: list[str] = []
        if path.parent.name != "dbt_docs":  # that one builds itself: tests/browser asks it
            self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        self.fetched += ["a script"] * (tag == "script")
        for name, value in attributes:
            if name == "id":
                self.anchors.add(value)
            elif name == "href" and tag == "a":
                self.links.append(value)
            elif name in {"href", "src", "srcset", "data", "action", "poster"}:
                self.fetched.append(value)

    def target(self, link: str) -> Path:
        path = urlsplit(link).path
        return (self.path.parent / unquote(path)).resolve() if path else self.path


def pages_in(folder: Path) -> dict[Path, Page]:
    return {path: Page(path) for path in folder.resolve().rglob("*.html")}


def dead_links(folder: Path) -> list[str]:
    """Links that lead to no page of the folder, or to no place in it; and all that is no file of the folder."""
    pages, dead = pages_in(folder), []
    for path, page in pages.items():
        for link in page.links:
            target, parts = page.target(link), urlsplit(link)
            lives = target in pages and not parts.scheme and (pages[target].anchors >= {parts.fragment} - {""})
            dead += [] if lives else [f"{path.name}: {link}"]
        for name in page.fetched:
            is_style = page.target(name).suffix == ".css" and page.target(name).is_relative_to(folder.resolve())
            dead += [] if is_style and page.target(name).is_file() else [f"{path.name} fetches {name}"]
    return dead


def reached(start: Path) -> set[Path]:
    """Every page that links lead to from `start`."""
    found, ahead = set(), {start.resolve()}
    while ahead:
        page = Page(ahead.pop())
        found.add(page.path)
        ahead |= {page.target(link) for link in page.links} - found
    return found
