# frozen_string_literal: true

# The services of the execution: logs, progress, cancellation, time, randomness.

require "tasker"
include Tasker::Functional

step_handler "log_levels", description: "Logs a line of each level, and one of two lines." do |context:|
  context.logger.debug("a detail")
  logger.info { "a fact" }
  Tasker.logger.warn("a doubt ⚠")
  logger.error("an error")
  puts "first\nsecond"
  nil
end

step_handler "heartbeat", input: String, description: "Reports progress." do |input:, context:|
  context.heartbeat(input)
  nil
end

step_handler "until_cancelled", description: "Reports progress, and returns when the step is cancelled." do |context:|
  context.heartbeat("waiting")
  nil until context.cancelled?
  "stopped"
end

step_handler "time_left", description: "Returns whether the step is cancelled, and the time that is left, in milliseconds." do |context:|
  { cancelled: context.cancelled?, milliseconds: context.remaining_time * 1000 }
end

step_handler "clock", description: "Returns the time, in milliseconds since 1970, and a random number." do |context:|
  { milliseconds: (Time.now.to_f * 1000).to_i, random: rand(2**53) }
end

step_handler "spin", description: "Computes without end." do |context:|
  loop { nil }
end
