"""When a count is unusual: what areas are compared with, and what is expected where no earlier report says it."""

from pydantic import BaseModel, ConfigDict, Field


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Count(_Strict):
    """An indicator that may be held against `upper_limit`, and how often it is published to happen.

    Units   events of one year among so many children; shape of the gamma distribution of the areas' own rates.
    """

    indicator: str
    events: float = Field(gt=0)
    children: float = Field(gt=0)
    shape: float = Field(gt=0)
    source: str = Field(min_length=1)


class CountLimits(_Strict):
    """How limits are computed: `exposure` is the indicator that says how many children there are.

    Units   fewer than least_count are never unusual; certainty, weight_of_history and drift are shares, 0–1.
    """

    certainty: float = Field(ge=0.5, lt=1)
    least_count: int = Field(ge=1)
    years: int = Field(ge=1, le=10)
    weight_of_history: float = Field(gt=0, le=1)
    drift: float = Field(gt=0, le=1)
    exposure: str
    counts: list[Count]

    def count(self, indicator: str) -> Count | None:
        return next((one for one in self.counts if one.indicator == indicator), None)
