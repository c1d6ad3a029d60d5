-- One row per source and name, in lower case, by which a tool's items and histories call an iteration: its id, else its
-- path, else its name where only one iteration of the source bears it.
with iterations as (

    select * from {{ ref('int_exported_iterations_unioned') }}

),

named as (

    select source_id, iteration_id, lower(iteration_id) as name, 1 as preference from iterations
    union
    select source_id, iteration_id, lower(iteration_path) as name, 2 as preference from iterations
    where iteration_path is not null
    union
    select source_id, iteration_id, lower(iteration_name) as name, 3 as preference from iterations
    where iteration_name is not null

),

counted as (

    select
        *,
        count(*) over (partition by source_id, name, preference) as n_bearers,
        min(preference) over (partition by source_id, name) as best_preference
    from named

)

select
    source_id,
    name,
    iteration_id
from counted
where preference = best_preference
    and n_bearers = 1
