# frozen_string_literal: true

# How a handler fails.

require "tasker"
include Tasker::Functional

Failure = Tasker.struct(
  kind: String,
  error_type: String,
  message: String,
  retry_after_ms: { type: Integer, optional: true },
  details: { type: :any, optional: true }
)

step_handler "fail", input: Failure, description: "Fails as its input says: `permanent`, `retryable` or `retry_after`." do |input:, context:|
  options = { error_type: input.error_type, details: input.details }
  raise Tasker::PermanentError.new(input.message, **options) if input.kind == "permanent"

  raise Tasker::RetryableError.new(input.message, retry_after: input.retry_after_ms&.fdiv(1000), **options)
end

# The error of some library.
class Broken < StandardError
end

# Fails with an error that is no failure: one of its own type `Broken`, with a cause if the input has one.
class Throw < Tasker::StepHandler
  handler_name "throw"
  description "Fails with an error of its own type, with a cause if the input has one."
  input Tasker.struct(message: String, cause: { type: String, optional: true })

  def call(context)
    cause = context.get_input("cause")
    raise Broken, context.get_input("message"), cause: cause && Broken.new(cause) # conformance: thrown here
  end
end
