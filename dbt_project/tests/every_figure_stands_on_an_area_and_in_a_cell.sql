-- Grain: one row per figure whose numbers name nothing: readers would not see it.
select figures.*
from {{ ref('figures') }} as figures
left join {{ ref('figure_areas') }} as areas on figures.frame_area_number = areas.frame_area_number
left join {{ ref('figure_cells') }} as cells on figures.cell_number = cells.cell_number
where
    areas.frame_area_number is null
    or cells.cell_number is null
