# frozen_string_literal: true

require_relative "errors"
require_relative "json"

module Tasker
  # Exceptions that a handler did not catch, as failures.
  module Uncaught
    SDK = File.expand_path("..", __dir__)
    LATE = "a component holds what was loaded when it was built: write the `require` at the top of a file of the project"

    module_function

    # The failure for an exception: itself if it is one, else retryable, because most errors of a step are temporary. Its details
    # hold the stack, with paths relative to `root`.
    def failure_of(error, root)
      return error if error.is_a?(Error)

      name = (error.class.name || "Error").split("::").last
      messages, cause = [], error
      while cause && messages.size < 16
        messages << message_of(cause)
        cause = cause.cause
      end
      message = messages.reject(&:empty?).join(": ")
      RetryableError.new(message.empty? ? name : message, error_type: name, details: { stack: stack_of(error, root) })
    end

    def message_of(error)
      message = Json.readable(error.message.to_s)
      error.is_a?(LoadError) ? "#{message} (#{LATE})" : message
    end

    # The lines of the stack, without those of the SDK.
    def stack_of(error, root)
      lines = (error.backtrace || []).reject { |line| line.start_with?(SDK, "<internal:", "eval:") }
      own = lines.map { |line| line.delete_prefix("#{root}/") }
      ["#{message_of(error)} (#{error.class})", *own.first(50).map { |line| "    from #{line}" }].join("\n")
    end
  end
end
