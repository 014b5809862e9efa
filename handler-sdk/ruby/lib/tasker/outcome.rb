# frozen_string_literal: true

module Tasker
  # What a handler returns to say more than a result. Any other value is the result.
  module Outcome
    # The step is complete, with this result.
    Complete = Struct.new(:result)
    # For decision steps only: the step is complete, and these steps run next. None follow if there are none.
    Branch = Struct.new(:steps, :result)
    # For batchable steps only: the step is complete, and a worker is created for each cursor.
    Batch = Struct.new(:cursors, :result)
    # Saves a value and runs the handler again as the same attempt. It finds the value in Context#checkpoint.
    Checkpoint = Struct.new(:value)
    # The step has failed, as if the handler had raised this error.
    Failed = Struct.new(:error)
  end
end
