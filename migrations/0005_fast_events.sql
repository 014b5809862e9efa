-- Events of the delivery mode `fast`, which the listeners of the moment read. They have no delivery, and the sweep deletes
-- them after a few minutes. Unlogged: a crash of the server may lose them.
CREATE UNLOGGED TABLE tasker.fast_events (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL,
    -- The CloudEvent.
    event    json NOT NULL
);
CREATE INDEX fast_events_at ON tasker.fast_events (at);
