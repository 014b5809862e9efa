# frozen_string_literal: true

require_relative "tasker"
require_relative "tasker/batchable"

# The names of Tasker Core, for handlers that were written for it: `require "tasker_core"`.
module TaskerCore
  Errors = Module.new
  Errors::Error = Tasker::Error
  Errors::PermanentError = PermanentError = Tasker::PermanentError
  Errors::RetryableError = RetryableError = Tasker::RetryableError

  # What handlers of Tasker Core derive from and include.
  module StepHandler
    Base = Tasker::StepHandler
    Functional = Tasker::Functional

    # What such handlers include.
    module Mixins
      Batchable = Tasker::Batchable

      # The outcomes of a decision.
      module Decision
        private

        # These steps run next.
        def decision_success(steps:, result_data: {}) = branch(steps, result_data)

        # No step follows.
        def decision_no_branches(result_data: {}) = branch([], result_data)
        def skip_branches(reason:, result_data: {}) = branch([], { reason: reason }.merge(result_data))
      end
    end

    Decision, Batchable = Mixins::Decision, Mixins::Batchable
  end

  module Types
    # What handlers return. `metadata` is accepted, and not kept.
    module StepHandlerCallResult
      def self.success(result: nil, **) = Tasker::Outcome::Complete.new(result)

      def self.error(message:, error_type: nil, error_code: nil, retryable: false, metadata: nil, **)
        kind = retryable ? Tasker::RetryableError : Tasker::PermanentError
        Tasker::Outcome::Failed.new(kind.new(message, error_type: error_code || error_type, details: metadata))
      end
    end
  end

  # The log.
  module Logger
    def self.instance = Tasker.logger
  end
end
