-- One change of state of a step, for the audit.
CREATE TYPE tasker_f.change AS (step_index integer, attempt integer, state_before text, state_after text);
