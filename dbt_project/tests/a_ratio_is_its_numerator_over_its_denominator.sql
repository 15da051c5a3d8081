-- Grain: one row per ratio that is not made of its parts, or whose status is not that of its areas.
select ratios.*
from {{ ref('fct_ratios') }} as ratios
inner join {{ ref('dim_ratios') }} as dim_ratios on ratios.ratio_code = dim_ratios.ratio_code
where not (
    ratios.areas_filled between 0 and ratios.areas_expected
    and (ratios.areas_filled > 0) = (ratios.numerator_value is not null)
    and (ratios.areas_filled > 0) = (ratios.denominator_value is not null)
    and (ratios.areas_filled > 0) = (ratios.denominator_source is not null)
    and (ratios.ratio_value is null) = (ratios.status_reason is not null)
    and ratios.obs_status = case
        when ratios.areas_filled = 0 then 'M'
        when ratios.areas_filled < ratios.areas_expected then 'P'
        else 'A'
    end
    and ratios.ratio_value is not distinct from (
        cast(dim_ratios.per as double) * ratios.numerator_value / nullif(ratios.denominator_value, 0)
    )
)
