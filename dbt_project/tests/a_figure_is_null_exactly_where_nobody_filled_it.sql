-- Grain: one row per figure whose value, status and areas do not tell the same story.
select figures.*
from {{ ref('figures') }} as figures
inner join {{ ref('figure_areas') }} as areas on figures.frame_area_number = areas.frame_area_number
where
    areas.frame = 'as_reported'
    and figures.obs_status <> case
        when figures.areas_filled = 0 then if(figures.obs_value is null and figures.obs_status = 'Z', 'Z', 'M')
        when figures.obs_value is null then 'a value is missing'
        when figures.areas_filled < figures.areas_expected then 'P'
        when figures.areas_corrected >= figures.areas_filled then 'I'
        else 'A'
    end
