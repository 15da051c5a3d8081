-- Grain: one row per figure whose value, status and areas do not tell the same story.
select *
from {{ ref('fct_indicator_values') }}
where
    frame = 'as_reported'
    and obs_status <> case
        when areas_filled = 0 then if(obs_value is null and obs_status = 'Z', 'Z', 'M')
        when obs_value is null then 'a value is missing'
        when areas_filled < areas_expected then 'P'
        else 'A'
    end
