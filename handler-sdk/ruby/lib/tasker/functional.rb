# frozen_string_literal: true

require_relative "batchable"
require_relative "step_handler"

module Tasker
  # Handlers as blocks: `include Tasker::Functional`.
  #
  #     ProcessPayment = step_handler "process_payment", depends_on: { cart: "validate_cart" }, inputs: [:card] do |cart:, card:, context:|
  #       { charged: cart["total"] }
  #     end
  #
  # The block gets `context`, the results of the dependencies, the members of the input, and, where `input` is a form, the whole input.
  module Functional
    # What a decision returns.
    module Decision
      # These steps run next.
      def self.route(steps, **routing_context) = Outcome::Branch.new(Array(steps), { routing_context: routing_context })
      # No step follows.
      def self.skip(reason, **routing_context) = Outcome::Branch.new([], { reason: reason, routing_context: routing_context })
    end

    # What a batch's first step returns: as many workers as there are batches of this size.
    BatchConfig = Struct.new(:total_items, :batch_size, :metadata, keyword_init: true)

    module_function

    def step_handler(name, depends_on: {}, inputs: [], input: nil, result: nil, description: nil, version: nil, &block)
      raise ArgumentError, "the handler `#{name}` has no block" unless block

      _ = version
      Class.new(StepHandler) do
        handler_name name
        description description if description
        input input if input
        result result if result
        define_method(:call) do |context|
          arguments = { context: context }
          arguments[:input] = context.input(input) if input
          depends_on.each { |parameter, step| arguments[parameter.to_sym] = context.get_dependency_result(step) }
          inputs.each { |key| arguments[key.to_sym] = context.get_input(key) }
          made = instance_exec(**arguments, &block)
          made.is_a?(BatchConfig) ? batch_of(made) : made
        end

        private

        def batch_of(config)
          cursors = Batch.ranges(config.total_items, config.batch_size)
          batch(cursors, { total_items: config.total_items, worker_count: cursors.size, metadata: config.metadata || {} })
        end
      end
    end

    def decision_handler(name, **options, &block) = step_handler(name, **options, &block)

    def batch_analyzer(name, worker_template: nil, **options, &block)
      _ = worker_template
      step_handler(name, **options, &block)
    end

    # The block also gets `batch_context`: see Batchable.
    def batch_worker(name, **options, &block)
      step_handler(name, **options) do |context:, **arguments|
        instance_exec(context: context, batch_context: Batchable.get_batch_context(context), **arguments, &block)
      end
    end
  end
end
