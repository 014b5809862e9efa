# frozen_string_literal: true

require_relative "errors"
require_relative "json"
require_relative "outcome"
require_relative "shape"

module Tasker
  # The handlers of the project.
  module Registry
    @classes = []

    class << self
      def add(handler)
        @classes << handler
        @handlers = nil
      end

      # The handlers by their names. A class without `call` is a base of others. Raises an ArgumentError if two have one name.
      def handlers
        @classes.uniq.select { |handler| handler.instance_method(:call).owner != StepHandler }.each_with_object({}) do |handler, known|
          name = handler.handler_name
          raise ArgumentError, "a handler in a class without name needs `handler_name`" unless name
          raise ArgumentError, "two handlers have the name `#{name}`" if known.key?(name)

          known[name] = handler
        end.sort.to_h
      end

      # Raises a permanent `UnknownHandler`.
      def find(name)
        @handlers ||= handlers
        @handlers[name] || raise(PermanentError.new("the component has no handler `#{name}`; it has #{@handlers.keys.join(", ")}",
                                                    error_type: "UnknownHandler"))
      end

      # Runs a handler, and returns its outcome as an array: `complete` or `checkpoint` with a document; `branch` or `batch` with the
      # steps or cursors and a document. Raises a permanent `ResultNotSerializable`.
      def run(name, context)
        case made = find(name).run(context)
        when Outcome::Failed then raise made.error
        when Outcome::Checkpoint then ["checkpoint", written(made.value, "the checkpoint")]
        when Outcome::Branch then ["branch", [made.steps.map(&:to_s), written(made.result, "the result")]]
        when Outcome::Batch
          ["batch", [made.cursors.map { |cursor| written(cursor, "a cursor") }, written(made.result, "the result")]]
        else ["complete", written(made.is_a?(Outcome::Complete) ? made.result : made, "the result")]
        end
      end

      # A list of name, description, and the schemas of input and result, nil if there is none.
      def describe
        handlers.map do |name, handler|
          [name, handler.description, *[handler.input, handler.result].map { |form| form && JSON.generate(Shape.schema(form)) }]
        end
      end

      private

      def written(value, what)
        Json.generate(value)
      rescue Mismatch => error
        raise PermanentError.new("#{what} cannot be serialized: #{error.message}", error_type: "ResultNotSerializable")
      end
    end
  end
end
