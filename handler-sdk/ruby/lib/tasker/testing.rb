# frozen_string_literal: true

require_relative "../tasker"
require_relative "uncaught"

module Tasker
  # Contexts for ordinary tests of handlers, with a simulated host.
  #
  #     context = Tasker::Testing.context(input: { items: [] })
  #     assert_raises(Tasker::PermanentError) { ValidateOrder.new.call(context) }
  #
  # `run` calls a handler as a component does: it reads the input from JSON, and returns what leaves the component.
  module Testing
    # A simulated host: what it answers, and what the handler has done.
    class Host
      attr_reader :heartbeats, :requests, :logs, :buckets
      attr_accessor :is_cancelled

      # `respond` is called with each request, and returns a Response; nothing is ever sent. `buckets` are values as JSON text, by
      # bucket and key; every bucket is granted.
      def initialize(secrets: {}, respond: nil, is_cancelled: false, remaining_seconds: 30, buckets: {})
        @secrets, @respond = secrets.transform_keys(&:to_s), respond
        @is_cancelled, @remaining_seconds = is_cancelled, remaining_seconds
        @buckets, @heartbeats, @requests, @logs = buckets, [], [], []
      end

      def heartbeat(progress) = @heartbeats << progress
      def cancelled? = is_cancelled
      def remaining_time_ms = (@remaining_seconds * 1000).to_i
      def secret(name) = @secrets[name]
      def log(level, _context, message) = @logs << [level, message]
      def open_bucket(name) = Store.new(@buckets[name] ||= {})

      def send_request(request)
        @requests << request
        unless @respond
          raise PermanentError.new("requests are only sent in a component; in tests, give the context a `respond`",
                                   error_type: "HttpUnavailable")
        end
        response = @respond.call(request)
        [response.status, response.headers.to_a, [response.bytes]]
      end
    end

    # A bucket in memory.
    class Store
      def initialize(values) = @values = values
      def get(key) = @values[key]
      def get_many(keys) = keys.map { |key| @values[key] }
      def set(key, value) = @values[key] = value
      def set_many(values) = @values.merge!(values.to_h)
      def delete(keys) = keys.each { |key| @values.delete(key) }
      def exists?(key) = @values.key?(key)
      def keys = @values.keys.sort
      def swap(key) = @values[key] = yield(@values[key])

      def increment(key, delta)
        number = Integer(@values.fetch(key, "0")) + delta
        @values[key] = number.to_s
        number
      rescue ArgumentError => error
        raise StoreError, "`#{key}` cannot be incremented: #{error.message}"
      end
    end

    # What leaves the component: `kind` is `complete`, `branch`, `batch` or `checkpoint`.
    Left = Struct.new(:kind, :result, :steps, :cursors)

    module_function

    # Builds a context. Everything has a usable default. `batch_worker` is the number of the worker from 1, and the number of
    # workers; `no_op` makes the step the placeholder of an empty batch. All other options are those of Host.
    def context(host: nil, **options)
      of_host = options.slice(:secrets, :respond, :is_cancelled, :remaining_seconds, :buckets)
      Context.new(facts(**options.except(*of_host.keys)), host || Host.new(**of_host))
    end

    def facts(input: {}, configuration: {}, dependencies: {}, cursor: nil, checkpoint: nil, step_name: "test", attempt: 1,
              max_attempts: 3, batch_worker: nil, no_op: false, attributes: {})
      if batch_worker || no_op
        number, total = batch_worker || [1, 1]
        attributes = { batch_metadata: { batch_step: "batch", worker_number: number, total_workers: total, batch_size: 1000,
                                         cursor_field: "id", failure_strategy: "continue_on_failure" },
                       is_no_op: no_op }.merge(attributes)
      end
      Facts.new("018f0000-0000-7000-8000-000000000000", "default", "test", "1.0.0", step_name, attempt, max_attempts, "test",
                Json.generate(input), Json.generate(configuration),
                dependencies.map { |name, result| [name.to_s, Json.generate(result)] }, cursor && Json.generate(cursor),
                checkpoint && Json.generate(checkpoint), nil, attributes.map { |name, value| [name.to_s, Json.generate(value)] })
    end

    # Runs a handler, a class or its name, as a component does. Raises an Error, whatever the handler raises.
    def run(handler, context)
      kind, made = Registry.run(handler.is_a?(String) ? handler : handler.handler_name, context)
      list, document = made.is_a?(Array) ? made : [[], made]
      Left.new(kind, Json.parse(document), kind == "branch" ? list : [], kind == "batch" ? list.map { |text| Json.parse(text) } : [])
    rescue Error
      raise
    rescue StandardError => error
      raise Uncaught.failure_of(error, Dir.pwd)
    end
  end
end
