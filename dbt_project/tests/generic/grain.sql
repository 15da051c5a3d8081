{# The columns name one row: what the first line of the model promises. #}
{% test grain(model, columns) %}
    select
        {{ columns | join(', ') }},
        count(*) as rows_found,
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
