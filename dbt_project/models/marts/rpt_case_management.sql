-- Grain: one row per line of the report, frame, nation or province, period and cell (sex, age band, subset).
{{ lines_of_report('case_management') }}
