{# The columns name one row: what the first line of the model promises. Counting hashes first costs a third. #}
{% test grain(model, columns) %}
    with repeated as (
        select hash({{ columns | join(', ') }}) as row_hash
        from {{ model }}
        group by all
        having count(*) > 1
    )

    select
        {{ columns | join(', ') }},
        count(*) as rows_found,
    from {{ model }}
    where hash({{ columns | join(', ') }}) in (select row_hash from repeated)
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
