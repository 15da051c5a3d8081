-- Grain: one row per figure that more areas filled than were accepted, or more were accepted than owe it.
select *
from {{ ref('figures') }}
where not (0 <= areas_filled and areas_filled <= areas_accepted and areas_accepted <= areas_expected)
