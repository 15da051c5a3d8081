-- Grain: one row per version of an area, the nation included.
with

areas as (select * from {{ ref('stg_contracts__areas') }})

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
order by
    area_code,
    valid_from nulls first
