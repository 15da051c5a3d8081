-- Grain: one row per period and area on the map of the period, the nation included.
with

periods as (select * from {{ ref('int_periods_collected') }}),

areas as (select * from {{ ref('stg_contracts__areas') }})

select
    periods.period_code,
    areas.area_code,
    -- one number for a period and its area: figures are joined by it in millions
    cast(row_number() over (order by periods.period_code, areas.area_code) as integer) as area_number,
    areas.area_level,
    areas.parent_code,
    areas.name_vi,
    areas.name_en,
    areas.is_lowest,
    areas.valid_from,
    areas.territory,
from periods
inner join areas
    on
        (areas.valid_from is null or periods.map_date >= areas.valid_from)
        and (areas.valid_to is null or periods.map_date < areas.valid_to)
