-- Grain: one row per report and line of it.
with

report_lines as (select * from {{ ref('report_lines') }})

select
    report_code,
    position as line_position,
    line_code,
    label_vi,
    label_en,
    source_code,
    indicator_code,
    ratio_code,
    unit,
    unit_vi,
    unit_en,
    empty_because_vi,
    empty_because_en,
    source,
from report_lines
