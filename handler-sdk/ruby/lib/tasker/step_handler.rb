# frozen_string_literal: true

require_relative "context"
require_relative "outcome"
require_relative "batch"
require_relative "registry"

module Tasker
  # A handler as a class. Its name in templates is the name of the class, or that of `handler_name`.
  #
  #     class ValidateOrder < Tasker::StepHandler
  #       description "Checks an order."
  #       def call(context)
  #         raise Tasker::PermanentError.new("no items", error_type: "EmptyOrder") if context.get_input("items").empty?
  #         success(result: { valid: true })
  #       end
  #     end
  class StepHandler
    class << self
      # Sets or returns the name in templates.
      def handler_name(name = nil) = name ? @handler_name = name.to_s : @handler_name || self.name

      # Sets or returns the purpose, in one sentence. A class without one has that of its base; the same holds for the forms below.
      def description(text = nil) = text ? @description = text : said(:@description).to_s

      # Sets or returns the form of the task's input, which is checked before `call`.
      def input(form = nil) = form ? @input = form : said(:@input)

      # Sets or returns the form of the result, for people and tools.
      def result(form = nil) = form ? @result = form : said(:@result)

      def inherited(handler)
        super
        Registry.add(handler)
      end

      # Runs the handler. Returns what `call` returns.
      def run(context)
        context.input(input) if input
        handler = instance_method(:initialize).arity.zero? ? new : new(config: context.configuration)
        handler.instance_variable_set(:@context, context)
        handler.call(context)
      end

      private

      # What the class says, else the nearest class that it derives from.
      def said(what) = instance_variable_get(what) || (equal?(StepHandler) ? nil : superclass.send(:said, what))
    end

    attr_reader :config

    def initialize(config: {}, logger: nil)
      @config, @logger = config || {}, logger
    end

    # Runs the step. Returns the result, or one of the outcomes below.
    def call(_context) = raise(NotImplementedError, "#{self.class.name} has no method `call(context)`")

    def logger = @logger || @context&.logger || Tasker.logger
    def handler_name = self.class.handler_name

    private

    # The step is complete. `metadata` is accepted, and not kept.
    def success(result: nil, result_data: nil, metadata: nil) # rubocop:disable Lint/UnusedMethodArgument
      Outcome::Complete.new(result.nil? ? result_data : result)
    end

    # The step has failed.
    def failure(message:, error_type: nil, error_code: nil, retryable: false, retry_after: nil, metadata: nil, details: nil)
      kind = retryable ? RetryableError : PermanentError
      Outcome::Failed.new(kind.new(message, error_type: error_type, error_code: error_code, retry_after: retry_after,
                                            details: details || metadata))
    end

    # For decision steps: these steps run next.
    def branch(steps, result = nil) = Outcome::Branch.new(Array(steps), result)
    # For batchable steps: a worker is created for each cursor.
    def batch(cursors, result = nil) = Outcome::Batch.new(cursors, result)
    # Saves a value and runs the handler again as the same attempt.
    def checkpoint(value) = Outcome::Checkpoint.new(value)
  end
end
