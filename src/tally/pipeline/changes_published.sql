-- Given: the variable `folder`, with what was explained.
create or replace table marts.fct_changes as
from read_parquet(getvariable('folder') || '/fct_changes.parquet')
order by all;

comment on table marts.fct_changes is
'Số liệu khác với bản phát hành trước, và vì sao. / Figures that are other than in the release before, and why.';
comment on column marts.fct_changes.value_before is 'Số trước; trống là không có. / Value before; null, there was none.';
comment on column marts.fct_changes.value_now is 'Số nay; trống là không có. / Value now; null, there is none.';
comment on column marts.fct_changes.reasons is
'late_report báo cáo mới được chấp nhận; correction đơn vị gửi đính chính; declared_correction hiệu chỉnh đã công bố;
area_change địa bàn thay đổi; contract_change biểu mẫu, quy tắc thay đổi; software_change phần mềm thay đổi. /
First accepted since; corrected by its sender; declared correction; other map; other contracts; other software.';
comment on column marts.fct_changes.late_reports is 'Số báo cáo mới được chấp nhận. / Reports first accepted since.';
comment on column marts.fct_changes.corrections is 'Số báo cáo được đính chính. / Reports that their sender corrected.';
comment on column marts.fct_changes.declared_corrections is
'Số hiệu chỉnh mới, bỏ hoặc sửa. / Declared corrections that came, went or changed.';
comment on column marts.fct_changes.by_late_reports is
'Phần thay đổi do các báo cáo đó; trống với 6 tháng cuối năm. / How much of the change they make; null of a second half.';
comment on column marts.fct_changes.by_corrections is 'Phần do đính chính. / How much of it corrections make.';
comment on column marts.fct_changes.by_declared_corrections is 'Phần do hiệu chỉnh. / How much declared corrections make.';

create or replace table marts.fct_changed_reports as
from read_parquet(getvariable('folder') || '/fct_changed_reports.parquet')
order by all;

comment on table marts.fct_changed_reports is
'Báo cáo làm số liệu khác với bản phát hành trước. / Reports that make figures other than in the release before.';
comment on column marts.fct_changed_reports.reason is
'late_report, correction, no_longer_accepted không còn được chấp nhận, declared_correction. / Why.';
comment on column marts.fct_changed_reports.submission_id_before is
'Lần gửi có hiệu lực trước. / The submission that stood before.';
comment on column marts.fct_changed_reports.submission_id_now is
'Lần gửi có hiệu lực nay. / The submission that stands now.';
comment on column marts.fct_changed_reports.cells_changed is 'Số ô khác trước. / Cells that are other than before.';
