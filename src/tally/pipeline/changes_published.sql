-- Given: the variable `folder`, with what was explained. What the columns mean is said by models/marts/_changes.yml of dbt.
create or replace table marts.fct_changes as
from read_parquet(getvariable('folder') || '/fct_changes.parquet')
order by all;

create or replace table marts.fct_changed_reports as
from read_parquet(getvariable('folder') || '/fct_changed_reports.parquet')
order by all;
