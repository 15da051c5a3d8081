-- Grain: one row per period and area on the map of the period, the nation included.
with

periods as (select * from {{ ref('int_periods_collected') }}),

areas as (select * from {{ ref('stg_contracts__areas') }})

select
    periods.period_code,
    areas.area_code,
    areas.area_level,
    areas.parent_code,
    areas.is_lowest,
from periods
inner join areas
    on
        (areas.valid_from is null or periods.map_date >= areas.valid_from)
        and (areas.valid_to is null or periods.map_date < areas.valid_to)
