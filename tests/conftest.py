"""What takes longest begins first, so that no worker waits for another when all the short tests are done."""

import pytest

FIRST = ("end_to_end", "dbt", "spec")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: [*FIRST, item.path.parent.name].index(item.path.parent.name))
