-- Grain: one row per part of an area that closed.
with

area_flows as (select * from {{ ref('area_flows') }})

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
