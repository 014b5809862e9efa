# frozen_string_literal: true

require_relative "tasker/errors"
require_relative "tasker/json"
require_relative "tasker/shape"
require_relative "tasker/context"
require_relative "tasker/step_handler"
require_relative "tasker/functional"

# Step handlers of Tasker, the serverless workflow platform.
module Tasker
end
