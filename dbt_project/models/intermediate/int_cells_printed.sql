-- Grain: one row per period and cell that the forms of the period print.
with

periods as (select * from {{ ref('int_periods_collected') }}),

form_periods as (select * from {{ ref('stg_contracts__form_periods') }}),

indicators as (select * from {{ ref('stg_contracts__indicators') }}),

indicator_cells as (select * from {{ ref('int_cells_numbered') }})

select
    periods.period_code,
    indicator_cells.cell_number,
    indicators.form_code,
    indicators.indicator_code,
    indicators.adds_up,
    indicators.reporting_level,
    indicator_cells.column_code,
    indicator_cells.sex,
    indicator_cells.age_band,
    indicator_cells.subset,
from periods
inner join form_periods on periods.period_part = form_periods.period_part
inner join indicators
    on
        form_periods.form_code = indicators.form_code
        and {{ in_force('indicators', 'periods.period_code') }}
inner join indicator_cells
    on
        indicators.indicator_code = indicator_cells.indicator_code
        and {{ in_force('indicator_cells', 'periods.period_code') }}
