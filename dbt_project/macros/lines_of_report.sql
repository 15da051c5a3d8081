{# A report by itself: the lines of fct_report_lines that are its own. #}
{% macro lines_of_report(report_code) -%}
with

lines as (select * from {{ ref('fct_report_lines').include(database=false) }})

select * exclude (report_code)
from lines
where report_code = '{{ report_code }}'
{%- endmacro %}
