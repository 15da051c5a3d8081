-- Grain: one row per part of an area that closed: what became of it on that day.
with

area_flows as (select * from {{ ref('stg_contracts__area_flows') }})

select
    flow_date,
    area_level,
    old_code,
    new_code,
    relation,
    weight,
    weight_basis,
    legal_basis,
from area_flows
order by
    flow_date,
    old_code,
    new_code
