{#
    Whether an area is of the level that carries a row: 'lowest' is every area with none below it (communes, and
    districts without communes), any other word is the level itself. What higher levels write never enters a sum.
#}
{% macro owes_row(area, row) -%}
    if({{ row }}.reporting_level = 'lowest', {{ area }}.is_lowest, {{ area }}.area_level = {{ row }}.reporting_level)
{%- endmacro %}
