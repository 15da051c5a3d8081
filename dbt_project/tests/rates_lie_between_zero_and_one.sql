-- Grain: one row per area and period whose counts or rates cannot be.
select *
from {{ ref('fct_reporting_completeness') }}
where not (
    reporting_rate between 0 and 1
    and on_time_rate between 0 and 1
    and reports_on_time <= reports_accepted
    and reports_accepted <= reports_received
    and reports_received <= reports_expected
    and areas_accepted <= areas_expected
    and areas_expected <= reports_expected
)
