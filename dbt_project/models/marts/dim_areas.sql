-- Grain: one row per version of an area, the nation and the stable groups included.
with

areas as (select * from {{ ref('stg_contracts__areas') }}),

stable_groups as (select * from {{ ref('stg_contracts__stable_groups') }})

select
    area_code,
    valid_from,
    valid_to,
    area_level,
    name_vi as label_vi,
    name_en as label_en,
    area_type,
    parent_code,
    is_lowest,
    legal_basis,
from areas

union all

select
    group_code as area_code,
    null as valid_from,
    null as valid_to,
    'stable_group' as area_level,
    name_vi as label_vi,
    name_en as label_en,
    null as area_type,
    province_code as parent_code,
    false as is_lowest,
    null as legal_basis,
from stable_groups
order by
    area_code,
    valid_from nulls first
