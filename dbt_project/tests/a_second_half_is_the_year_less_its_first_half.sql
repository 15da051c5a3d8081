-- Grain: one row per complete second half above the groups that is not the difference of what was reported.
with

halves as (
    select *
    from {{ ref('int_second_halves_exact') }}
    where is_built
),

areas as (
    select *
    from {{ ref('figure_areas') }}
    where area_level in ('nation', 'province')
),

built as (select * from {{ ref('figures') }}),

flows as (
    select distinct cell_number
    from {{ ref('int_cells_printed') }}
    where adds_up = 'flow'
),

second_halves as (
    select
        built.*,
        areas.frame,
        areas.area_code,
    from built
    inner join areas on built.frame_area_number = areas.frame_area_number
    semi join flows on built.cell_number = flows.cell_number
    where
        built.period_code like '%S2'
        and built.obs_status = 'A'
),

figures as (
    from built
    union all by name
    from {{ ref('stg_published__figures') }}
    where period_code not in (select built.period_code from built)
),

reported as (
    select
        areas.period_code,
        areas.frame,
        areas.area_code,
        figures.cell_number,
        figures.obs_value,
    from figures
    inner join areas
        on
            figures.frame_area_number = areas.frame_area_number
            and figures.period_code = areas.period_code
)

select
    second_halves.frame,
    second_halves.area_code,
    second_halves.period_code,
    second_halves.cell_number,
    second_halves.obs_value,
    whole_year.obs_value as year_value,
    first_half.obs_value as first_half_value,
from second_halves
inner join halves
    on
        second_halves.period_code = halves.period_code
        and second_halves.frame = halves.frame
left join reported as whole_year
    on
        halves.whole_year_code = whole_year.period_code
        and second_halves.frame = whole_year.frame
        and second_halves.area_code = whole_year.area_code
        and second_halves.cell_number = whole_year.cell_number
left join reported as first_half
    on
        halves.first_half_code = first_half.period_code
        and second_halves.frame = first_half.frame
        and second_halves.area_code = first_half.area_code
        and second_halves.cell_number = first_half.cell_number
where second_halves.obs_value is distinct from whole_year.obs_value - first_half.obs_value
