# frozen_string_literal: true

require_relative "../../tasker"
require_relative "../testing"
require_relative "../uncaught"
require_relative "bindings"
require_relative "host"

module Tasker
  # The component that a project's handlers are built into. `start` runs once, when it is built; all else runs in executions, in the
  # memory that it leaves behind.
  module Component
    # The largest wait that the contract can state.
    MAX_MILLISECONDS = 2**64 - 1

    # Loads the handlers in a folder. Returns what the component calls, or nil if something is wrong, which is printed.
    def self.start(root, bindings)
      $stdout.sync = $stderr.sync = true
      Memory.start
      main = "#{root}/handlers.rb"
      files = File.file?(main) ? [main] : Dir.glob("#{root}/{handlers,app/handlers}/**/*.rb").sort
      return complain("there are no handlers: write them in handlers.rb, or in files in the folder handlers") if files.empty?

      files.each { |file| require file }
      return complain("there are no handlers: derive classes from Tasker::StepHandler") if Registry.handlers.empty?

      Caller.new(root, Bindings.new(JSON.parse(bindings))).tap(&:prepare)
    rescue Exception => error # rubocop:disable Lint/RescueException
      complain(Uncaught.stack_of(error, root))
    end

    def self.complain(what)
      $stderr.puts(what)
      nil
    end

    # What the component's functions call: with the address of the parameters, or 0 for `describe`. Returns the address of the result.
    class Caller
      def initialize(root, bindings)
        @root, @exports, @host = root, bindings.exports, Host.new(bindings)
        Logger.host = @host
        @descriptions = Registry.describe
      end

      def call(address)
        return given("describe", @descriptions) if address.zero?

        # The state of the generator is that of the build.
        Random.srand
        params = @exports["handle"].params
        handler, facts = params.load(Memory.read(address, params.size), 0)
        given("handle", handle(handler, Facts.new(*facts), @host))
      end

      # Runs what every execution runs, so that caches are in the memory; then leaves the collector little to do.
      def prepare
        20.times do
          facts = Testing.facts(input: { "text" => "é", "numbers" => [1, 1.5, nil] }, dependencies: { a: [] })
          context = Context.new(facts, Testing::Host.new)
          Json.generate([context.input, context.dependency("a"), context.step_name])
          handle("", facts, context.host)
          begin
            raise KeyError, "warm"
          rescue KeyError => error
            failure(error)
          end
        end
        given("handle", ["ok", ["complete", "{}"]])
        given("handle", failure(RetryableError.new("warm", retry_after: 1)))
        # Collects garbage, and makes what is left old, so that collections in executions leave it alone.
        Process.warmup
      end

      private

      def handle(handler, facts, host)
        ["ok", Registry.run(handler, Context.new(facts, host))]
      # Also what ends a program: an exception that left the component would be a crash without a message.
      rescue Exception => error # rubocop:disable Lint/RescueException
        failure(error)
      end

      def failure(error)
        known = Uncaught.failure_of(error, @root)
        wait = known.retry_after&.then { |seconds| (seconds * 1000).clamp(0, MAX_MILLISECONDS).to_i }
        ["error", [known.error_type, known.message, known.retryable?, wait, details(known)]]
      # Methods of the project's own errors may fail. An exception here would be a crash, and a crash is retried.
      rescue Exception # rubocop:disable Lint/RescueException
        ["error", [error.class.to_s.split("::").last, message(error), !error.is_a?(Error) || error.is_a?(RetryableError), nil, nil]]
      end

      def message(error)
        error.message.to_s
      rescue StandardError
        "#{error.class}, which has no message"
      end

      # The failure itself says more than that its details cannot be written.
      def details(failure)
        failure.details && Json.generate(failure.details)
      rescue StandardError
        nil
      end

      def given(function, value)
        type = @exports[function].result
        bytes = "\0".b * type.size
        type.store(bytes, 0, value)
        Memory.place(bytes, type.alignment)
      end
    end
  end
end
