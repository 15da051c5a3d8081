-- Grain: one row per area of a frame, period and cell: every figure that is asked for, those that nobody can say too.
with

frames as (select * from {{ ref('stg_contracts__frames') }}),

-- on other maps than that of the report thousands of small areas of which nobody has reported would only say so again
areas_expected as (
    select areas_expected.*
    from {{ ref('int_areas_expected') }} as areas_expected
    inner join frames on areas_expected.frame = frames.frame
    where
        areas_expected.areas_accepted > 0
        or not (frames.has_estimates or areas_expected.area_level = 'stable_group')
),

cells as (select * from {{ ref('int_cells_printed') }}),

submissions as (select * from {{ ref('int_submissions_current') }}),

periods as (
    select *
    from {{ ref('int_periods_collected') }}
    where is_built
),

halves as (
    select *
    from {{ ref('int_second_halves_exact') }}
    where is_built
),

rolled_up as (select * from {{ ref('int_observations_rolled_up') }}),

published as (select * from {{ ref('int_figures_published') }}),

second_halves as (select * from {{ ref('int_second_halves') }}),

-- a stock of the second half is that at the end of the year; a flow is the year less its first half
cells_asked as (
    select distinct
        cells.period_code as reported_period_code,
        cells.period_code,
        cells.cell_number,
        cells.reporting_level,
        cells.adds_up,
        cast(null as varchar) as frame,
        false as is_difference,
    from cells
    semi join periods on cells.period_code = periods.period_code
    semi join submissions on cells.period_code = submissions.period_code

    union all

    select
        cells.period_code as reported_period_code,
        halves.period_code,
        cells.cell_number,
        cells.reporting_level,
        cells.adds_up,
        halves.frame,
        cells.adds_up = 'flow' as is_difference,
    from halves
    inner join cells on halves.whole_year_code = cells.period_code
    where
        cells.adds_up = 'stock_at_end'
        or (
            cells.adds_up = 'flow'
            and exists (
                select 1
                from cells as first_cells
                where
                    first_cells.period_code = halves.first_half_code
                    and first_cells.cell_number = cells.cell_number
            )
        )
),

-- read twice: in memory it would not fit
known as not materialized (
    select
        false as is_difference,
        frame_area_number,
        cell_number,
        case
            when parts_value is null then obs_value
            else coalesce(obs_value, 0) + cast(round(parts_value) as bigint)
        end as obs_value,
        areas_filled,
        areas_not_applicable,
        areas_corrected,
        false as has_fallen,
        false as is_cut,
    from rolled_up

    union all

    -- the stocks at the end of a year that was published and whose first half is built
    select
        false as is_difference,
        published.frame_area_number,
        published.cell_number,
        published.obs_value,
        published.areas_filled,
        published.areas_not_applicable,
        published.areas_corrected,
        false as has_fallen,
        false as is_cut,
    from published
    semi join halves on published.period_code = halves.whole_year_code

    union all

    select
        true as is_difference,
        frame_area_number,
        cell_number,
        if(is_cut, null, obs_value) as obs_value,
        if(is_cut, 0, areas_filled) as areas_filled,
        0 as areas_not_applicable,
        if(is_cut, 0, areas_corrected) as areas_corrected,
        has_fallen,
        is_cut,
    from second_halves
),

-- what somebody said is read by as many threads as there are, and then what is left of all that was asked for;
-- nation and provinces apart, and so beside each other: their series are what most readers ask for
{% for these in ['largest', 'other'] %}
    areas_{{ these }} as (
        select *
        from areas_expected
        where (area_level in ('nation', 'province')) = {{ these == 'largest' }}
    ),

    known_of_{{ these }} as not materialized (
        select *
        from known
        where frame_area_number in (select areas_{{ these }}.frame_area_number from areas_{{ these }})
    ),

    answers_of_{{ these }} as not materialized (
        select
            cells_asked.period_code,
            cells_asked.adds_up,
            cells_asked.is_difference,
            areas.areas_expected,
            areas.areas_accepted,
            areas.is_estimate,
            areas.unknown_because,
            known.frame_area_number,
            known.cell_number,
            known.obs_value,
            known.areas_filled,
            known.areas_not_applicable,
            known.areas_corrected,
            known.has_fallen,
            known.is_cut,
        from known_of_{{ these }} as known
        inner join areas_{{ these }} as areas on known.frame_area_number = areas.frame_area_number
        inner join cells_asked
            on
                {{ is_asked_of('cells_asked', 'areas') }}
                and known.cell_number = cells_asked.cell_number
                and known.is_difference = cells_asked.is_difference

        union all

        select
            cells_asked.period_code,
            cells_asked.adds_up,
            cells_asked.is_difference,
            areas.areas_expected,
            areas.areas_accepted,
            areas.is_estimate,
            areas.unknown_because,
            areas.frame_area_number,
            cells_asked.cell_number,
            null as obs_value,
            0 as areas_filled,
            0 as areas_not_applicable,
            0 as areas_corrected,
            false as has_fallen,
            false as is_cut,
        from areas_{{ these }} as areas
        inner join cells_asked
            on
                {{ is_asked_of('cells_asked', 'areas') }}
        anti join known_of_{{ these }} as known
            on
                areas.frame_area_number = known.frame_area_number
                and cells_asked.cell_number = known.cell_number
                and cells_asked.is_difference = known.is_difference
    ),
{% endfor %}
answers as not materialized (
    from answers_of_largest
    union all
    from answers_of_other
)

select
    period_code,
    frame_area_number,
    cell_number,
    if(unknown_because is null, obs_value, null) as obs_value,
    case
        when unknown_because is not null then 'M'
        when areas_filled > 0 and is_estimate then 'E'
        when areas_filled = areas_expected then if(areas_corrected >= areas_filled, 'I', 'A')
        when areas_filled > 0 then 'P'
        when areas_not_applicable = areas_expected then 'Z'
        else 'M'
    end as obs_status,
    case
        when unknown_because is not null then unknown_because
        when areas_filled > 0 or areas_not_applicable = areas_expected then null
        when is_cut then 'area_cut'
        when has_fallen then 'year_below_first_half'
        when is_difference then 'half_not_complete'
        when adds_up = 'never' and areas_expected > 1 then 'never_adds_up'
        else 'not_filled'
    end as status_reason,
    areas_expected,
    areas_accepted,
    if(unknown_because is null, areas_filled, 0) as areas_filled,
    if(unknown_because is null, areas_corrected, 0) as areas_corrected,
from answers
