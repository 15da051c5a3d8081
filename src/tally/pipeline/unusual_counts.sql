-- Given: `unusual`, a row an area and period.
create or replace table marts.rpt_unusual_counts as
select
    unusual.area_code,
    unusual.area_level,
    areas.label_vi,
    areas.label_en,
    unusual.* exclude (area_code, area_level),
from unusual
inner join marts.dim_periods as periods using (period_code)
inner join marts.dim_areas as areas
    on unusual.area_code = areas.area_code
    and periods.map_date >= coalesce(areas.valid_from, date '0001-01-01')
    and periods.map_date < coalesce(areas.valid_to, date '9999-12-31')
order by unusual.period_code, unusual.area_level, unusual.area_code, unusual.indicator_code;
