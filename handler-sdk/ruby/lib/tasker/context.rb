# frozen_string_literal: true

require_relative "errors"
require_relative "http"
require_relative "json"
require_relative "key_value"
require_relative "logger"
require_relative "shape"

module Tasker
  # The facts about the step. Documents are JSON text until they are read.
  Facts = Struct.new(:task_id, :namespace, :task_name, :task_version, :step_name, :attempt, :max_attempts, :correlation_id, :input,
                     :configuration, :dependencies, :cursor, :checkpoint, :trace_parent, :attributes)

  # Information about the step, and services of its host.
  #
  # Methods that read a value take its form as their last argument: see Shape. Without one they return plain JSON, with texts as the
  # keys of hashes.
  class Context
    # The task as handlers of Tasker Core see it.
    Task = Struct.new(:task_uuid, :name, :namespace, :version, :context)
    # The step as handlers of Tasker Core see it.
    Step = Struct.new(:name, :attempts, :max_attempts, :inputs, :results)
    # The slice of a batch worker.
    Worker = Struct.new(:batch_step, :worker_number, :total_workers, :batch_size, :cursor_field, :failure_strategy, :is_no_op) do
      def no_op? = is_no_op
    end

    attr_reader :host, :http

    def initialize(facts, host)
      @facts, @host, @http, @buckets = facts, host, Http.new(host), {}
    end

    %i[task_id namespace task_name task_version step_name attempt max_attempts correlation_id trace_parent].each do |name|
      define_method(name) { @facts[name] }
    end

    alias task_uuid task_id
    # Whether this is the last attempt, so that a failure is final.
    def last_attempt? = attempt >= max_attempts
    # A key that is the same for every attempt of this step, for calls that must take effect only once.
    def idempotency_key = "#{task_id}:#{step_name}"
    # The attempts before this one.
    def retry_count = attempt - 1
    alias max_retries max_attempts

    # The task's input. Raises a permanent `InvalidInput`.
    def input(form = :any)
      return read(@facts.input, form, "InvalidInput", "the task's input") unless form == :any

      @input = read(@facts.input, :any, "InvalidInput", "the task's input") unless defined?(@input)
      @input
    end

    # One member of the task's input, nil if it is not there.
    def get_input(key) = input.is_a?(Hash) ? input[key.to_s] : nil
    alias get_task_field get_input
    def get_input_or(key, default) = get_input(key).nil? ? default : get_input(key)
    def input_data = input
    def task = Task.new(task_id, task_name, namespace, task_version, input)
    def workflow_step = Step.new(step_name, retry_count, max_attempts, configuration, nil)

    # The result of a dependency. Raises a permanent `MissingDependency` if the step does not depend on it, and
    # `InvalidDependencyResult` if the result does not have the form.
    def dependency(step, form = :any)
      step = step.to_s
      _, result = @facts.dependencies.find { |name, _| name == step }
      return read(result, form, "InvalidDependencyResult", "the result of `#{step}`") if result

      names = dependency_names.empty? ? "none" : dependency_names.join(", ")
      raise PermanentError.new("there is no result of `#{step}`; available: #{names}. Add `#{step}` to its dependencies in the " \
                               "template, or set `ancestors: true`", error_type: "MissingDependency")
    end

    # The same, nil if there is none.
    def get_dependency_result(step) = dependency_names.include?(step.to_s) ? dependency(step) : nil

    # A part of a dependency's result: `get_dependency_field("price", "total", "cents")`.
    def get_dependency_field(step, *path)
      path.reduce(get_dependency_result(step)) { |value, key| value.is_a?(Hash) ? value[key.to_s] : nil }
    end

    # The names of the dependencies with results, in the order of the template.
    def dependency_names = @facts.dependencies.map(&:first)
    def dependency_results = dependency_names.to_h { |name| [name, dependency(name)] }

    # The step's `handler.initialization`. Raises a permanent `InvalidConfiguration`.
    def configuration(form = :any) = read(@facts.configuration, form, "InvalidConfiguration", "the step's handler.initialization")
    alias step_config configuration

    # One key of the step's `handler.initialization`. Raises a permanent `InvalidConfiguration` if it is missing and there is no
    # default, or does not have the form.
    def config(key, form = :any, default: (no_default = true))
      whole = configuration
      is_there = whole.is_a?(Hash) && whole.key?(key.to_s)
      return default unless is_there || no_default

      Shape.fail_at("", "it is missing") unless is_there
      Shape.read(form, whole[key.to_s])
    rescue Mismatch => error
      raise PermanentError.new("`#{key}` of the step's handler.initialization: #{error.message}", error_type: "InvalidConfiguration")
    end

    # The cursor of a batch worker: its slice of the work. nil in other steps. Raises a permanent `InvalidCursor`.
    def cursor(form = :any) = @facts.cursor && read(@facts.cursor, form, "InvalidCursor", "the cursor")

    # The value of the step's last checkpoint, from this or an earlier attempt. nil if it has none. Raises a permanent
    # `InvalidCheckpoint`.
    def checkpoint(form = :any) = @facts.checkpoint && read(@facts.checkpoint, form, "InvalidCheckpoint", "the checkpoint")

    # An attribute that has no method here, by name. nil if the host does not provide it. Raises a permanent `InvalidAttribute`.
    def attribute(name, form = :any)
      _, value = @facts.attributes.find { |known, _| known == name.to_s }
      value && read(value, form, "InvalidAttribute", "the attribute `#{name}`")
    end

    # A secret that the template grants to this step. Raises a permanent `SecretNotGranted`, and a retryable `SecretUnavailable` if
    # the host does not have it.
    def secret(name)
      host.secret(name.to_s) || raise(PermanentError.new(
        "there is no secret `#{name}` for this step: grant it under `grants.secrets` in the template, and check that the host has it",
        error_type: "SecretNotGranted"
      ))
    end

    # A bucket of `grants.key_value`. Raises a permanent `KeyValueDenied` if the template does not grant it.
    def key_value(bucket)
      name = bucket.to_s
      # A bucket that is open counts in `limits.handles`.
      @buckets[name] ||= Bucket.new(name, host.open_bucket(name))
    end

    # Reports progress, for people, and that the handler is alive.
    def heartbeat(progress = nil) = host.heartbeat(progress&.to_s)
    # Whether the step was cancelled or its lease was lost. If so, return: the outcome no longer counts.
    def cancelled? = host.cancelled?
    # The seconds until the host stops this run.
    def remaining_time = host.remaining_time_ms / 1000.0
    def logger = @logger ||= Logger.new(host)

    # The batch of a batch worker; nil in other steps.
    def batch
      metadata = attribute("batch_metadata")
      metadata && Worker.new(*Worker.members[0..-2].map { |name| metadata[name.to_s] }, no_op?)
    end

    # The slice of a batch worker as a Range, for cursors with `start` and `end`. Empty if the batch is empty. Raises a permanent
    # `MissingCursor` in other steps, and `InvalidCursor` if the cursor is no slice.
    def slice
      found = cursor({ type: SLICE, optional: true })
      return found.start...found.end if found
      return 0...0 if no_op?

      raise PermanentError.new("`#{step_name}` has no slice of work: only workers of a batch have one; give the step `type: " \
                               "batch_worker` in the template, and let it depend on a `batchable` step", error_type: "MissingCursor")
    end

    # The results of a batch's workers with their numbers, in order: of the dependencies named `<worker>_<number>`. An isolated worker
    # has no result.
    def worker_results(worker, form = :any)
      found = dependency_names.filter_map { |name| name[/\A#{Regexp.escape(worker)}_(\d+)\z/, 1]&.then { |number| [number.to_i, name] } }
      found.sort.map { |number, name| [number, dependency(name, form)] }
    end

    SLICE = Tasker.struct(start: Integer, end: Integer)
    private_constant :SLICE

    private

    def no_op? = attribute("is_no_op") == true

    def read(text, form, error_type, what)
      Shape.read(form, Json.parse(text))
    rescue Mismatch => error
      raise PermanentError.new("#{what} does not have the expected form: #{error.message}", error_type: error_type)
    end
  end
end
