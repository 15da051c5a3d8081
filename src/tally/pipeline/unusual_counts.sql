-- Given: `unusual`, a row an area and period.
create or replace table marts.rpt_unusual_counts as
select
    unusual.area_code,
    unusual.area_level,
    areas.label_vi,
    areas.label_en,
    unusual.* exclude (area_code, area_level),
from unusual
inner join marts.dim_periods as periods using (period_code)
inner join marts.dim_areas as areas
    on unusual.area_code = areas.area_code
    and periods.map_date >= coalesce(areas.valid_from, date '0001-01-01')
    and periods.map_date < coalesce(areas.valid_to, date '9999-12-31')
order by unusual.period_code, unusual.area_level, unusual.area_code, unusual.indicator_code;

comment on table marts.rpt_unusual_counts is
'Số ca so với giới hạn trên, trên bản đồ của kỳ: toàn quốc, mọi tỉnh đã có kỳ trước để so, và các đơn vị cấp thấp nhất
vượt giới hạn. Tính từ số liệu của bản phát hành này. /
Counts against their upper limits, on the map of the period: the nation, every province that has an earlier period to
compare with, and the lowest areas that are above. Computed from the figures of this release.';
comment on column marts.rpt_unusual_counts.expected_value is
'Số dự kiến theo các kỳ trước và loại đơn vị. / What earlier periods and the class of the area lead one to expect.';
comment on column marts.rpt_unusual_counts.upper_limit is
'Số lớn nhất chưa phải bất thường (99,9 %). / The largest count that is not unusual (99.9 %).';
comment on column marts.rpt_unusual_counts.probability is
'Xác suất có bấy nhiêu hoặc hơn khi không có gì bất thường. / Probability of so many or more if nothing is unusual.';
comment on column marts.rpt_unusual_counts.is_unusual is 'Vượt giới hạn. / Whether it is above its limit.';
comment on column marts.rpt_unusual_counts.history is
'Các kỳ trước đã so, mới nhất trước. / The earlier periods that it was compared with, the newest first.';
comment on column marts.rpt_unusual_counts.obs_status is
'P: còn đơn vị chưa có số. / P: some areas have not filled it, as in fct_indicator_values.';
