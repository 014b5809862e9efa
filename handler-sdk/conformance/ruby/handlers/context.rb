# frozen_string_literal: true

# Handlers that read the context of their step.

require "tasker"
include Tasker::Functional

step_handler "facts", description: "Returns the facts about the step." do |context:|
  {
    task_id: context.task_id,
    namespace: context.namespace,
    task_name: context.task_name,
    task_version: context.task_version,
    step_name: context.step_name,
    attempt: context.attempt,
    max_attempts: context.max_attempts,
    is_last_attempt: context.last_attempt?,
    correlation_id: context.correlation_id,
    trace_parent: context.trace_parent,
    idempotency_key: context.idempotency_key
  }
end

Wanted = Tasker.struct(step: String)

step_handler "dependency", input: Wanted, description: "Returns the result of a dependency, and the names of all." do |input:, context:|
  { result: context.dependency(input.step), names: context.dependency_names }
end

Cost = Tasker.struct(total_cents: { type: Integer, minimum: 0 })

# Returns the price in the result of the dependency `price`.
class DependencyTyped < Tasker::StepHandler
  handler_name "dependency_typed"
  description "Returns the price in the result of the dependency `price`."

  def call(context) = context.dependency("price", Cost).total_cents
end

Key = Tasker.struct(key: String)

step_handler "configuration", description: "Returns the whole configuration." do |context:|
  context.configuration
end

step_handler "config", input: Key, description: "Returns one key of the configuration, which must be a text." do |input:, context:|
  context.config(input.key, String)
end

step_handler "secret", input: Key, description: "Returns a secret." do |input:, context:|
  context.secret(input.key)
end

step_handler "attribute", input: Key, description: "Returns an attribute; null if the host does not provide it." do |input:, context:|
  context.attribute(input.key)
end

step_handler "batch_facts", description: "Returns the batch of a worker; null in other steps." do |context:|
  context.batch&.to_h&.slice(:batch_step, :worker_number, :total_workers, :is_no_op)
end
