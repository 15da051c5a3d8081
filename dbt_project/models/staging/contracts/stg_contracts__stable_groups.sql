-- Grain: one row per stable group.
with

stable_groups as (select * from {{ ref('stable_groups') }})

select
    group_code,
    province_code,
    name_vi,
    name_en,
from stable_groups
