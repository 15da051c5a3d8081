-- Grain: one row per version of an area, the nation included.
with

areas as (select * from {{ ref('areas') }})

select
    area_code,
    area_level,
    valid_from,
    valid_to,
    name_vi,
    name_en,
    area_type,
    coalesce(parent_code, 'VN') as parent_code,
    is_lowest,
    territory,
    legal_basis,
from areas
where area_level <> 'nation'

union all

select
    'VN' as area_code,
    'nation' as area_level,
    null as valid_from,
    null as valid_to,
    'Việt Nam' as name_vi,
    'Viet Nam' as name_en,
    null as area_type,
    null as parent_code,
    false as is_lowest,
    'VN' as territory,
    null as legal_basis,
