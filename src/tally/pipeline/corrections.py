"""Declared corrections, as builds and the gate take them."""

from typing import Any

import pyarrow as pa

from tally.contracts.model import Contracts

DECLARED = pa.schema(
    [
        (name, pa.string())
        for name in ("correction_code", "area_code", "period_code", "indicator_code", "column_code", "form_code", "sex")
    ]
    + [("age_band", pa.string()), ("subset", pa.string()), ("value_from", pa.int64()), ("value_to", pa.int64())]
    + [(name, pa.string()) for name in ("workbook", "reason_vi", "reason_en", "declared_by", "status")]
)


def declared(contracts: Contracts) -> list[dict[str, Any]]:
    """Declared corrections as the build takes them, in force or not."""
    return [
        {
            "correction_code": one.code,
            "area_code": one.target.area,
            "period_code": one.target.period.code,
            "indicator_code": one.target.indicator,
            "column_code": column.code,
            "form_code": contracts.edition(one.target.period).row_of[one.target.indicator].form.code,
            "sex": column.sex,
            "age_band": column.age_band,
            "subset": column.subset,
            "value_from": one.before,
            "value_to": one.to,
            "workbook": one.expect.workbook if one.expect else None,
            "reason_vi": one.reason.vi,
            "reason_en": one.reason.en,
            "declared_by": one.who,
            "status": one.status,
        }
        for one in contracts.corrections.corrections
        if (column := contracts.codelists.column_at(one.target.sex, one.target.age, one.target.subset))
    ]
