-- Grain: one row per report with a submission that stands and cell of it; an area number names area and period.
with

submissions as (select * from {{ ref('int_submissions_current') }}),

areas as (select * from {{ ref('int_areas_mapped') }}),

observations as (select * from {{ ref('stg_reports__observations') }}),

cells_printed as (select * from {{ ref('int_cells_printed') }}),

corrections as (
    select *
    from {{ ref('stg_build__corrections') }}
    where status = 'active'
),

-- without the period: joined by period too, submissions and cells would be crossed before they meet the figures
cells as (
    select distinct
        cell_number,
        indicator_code,
        column_code,
    from cells_printed
)

select
    areas.area_number,
    cells.cell_number,
    if(corrections.correction_code is null, observations.obs_value, corrections.value_to) as obs_value,
    case
        when corrections.correction_code is null then observations.cell_state
        when corrections.value_to is null then 'blank'
        else 'reported'
    end as cell_state,
    corrections.correction_code is not null as is_corrected,
from observations
inner join submissions on observations.submission_id = submissions.submission_id
inner join areas
    on
        submissions.period_code = areas.period_code
        and submissions.area_code = areas.area_code
inner join cells
    on
        observations.indicator_code = cells.indicator_code
        and observations.column_code = cells.column_code
-- only what the correction was declared for: the gate stops a release in which one finds something else
left join corrections
    on
        submissions.period_code = corrections.period_code
        and submissions.area_code = corrections.area_code
        and observations.indicator_code = corrections.indicator_code
        and observations.column_code = corrections.column_code
        and observations.obs_value is not distinct from corrections.value_from
        and (corrections.workbook is null or submissions.sha256 = corrections.workbook)
