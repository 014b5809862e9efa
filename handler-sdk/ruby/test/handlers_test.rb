# frozen_string_literal: true

require "minitest/autorun"
require "tasker/testing"
require "tasker_core"

include Tasker::Functional

Order = Tasker.struct(id: String, items: [Tasker.struct(cents: { type: Integer, minimum: 0 })], note: { type: String, optional: true })

# Adds up an order.
class Price < Tasker::StepHandler
  description "Adds up an order."
  input Order

  def call(context)
    order = context.input(Order)
    return failure(message: "no items", error_code: "EmptyOrder") if order.items.empty?

    success(result: { cents: order.items.sum(&:cents) }, metadata: { ignored: true })
  end
end

module Shop
  # A handler as Tasker Core has them.
  class Route < TaskerCore::StepHandler::Base
    include TaskerCore::StepHandler::Mixins::Decision

    def call(context)
      raise TaskerCore::Errors::RetryableError.new("later", retry_after: 5, context: { n: 1 }) if context.get_input("busy")

      decision_success(steps: ["ship"], result_data: { cents: context.get_dependency_field("Price", "cents"), at: Time.at(0).utc })
    end
  end
end

step_handler "cart", depends_on: { price: "Price" }, inputs: [:card] do |price:, card:, context:|
  logger.info("card #{card}")
  { price: price, card: card, step: context.step_name }
end

batch_analyzer("analyze", worker_template: "work") { |context:| Tasker::Functional::BatchConfig.new(total_items: 5, batch_size: 2) }
batch_worker("work") { |batch_context:, context:| [batch_context.start_cursor, batch_context.end_cursor, batch_context.no_op?] }
step_handler("breaks") { |context:| Integer("x") }
step_handler("speaks") do |context:|
  raise "\u00e9"
rescue RuntimeError
  raise KeyError, "\xff\xc3\xa9".b
end
step_handler("range") { |context:| Tasker::Outcome::Complete.new(1..3) }

# What several handlers have in common.
class Priced < Tasker::StepHandler
  description "Reads an order."
  input Order
  result Hash
end

# Has what its base says, but for the result.
class Count < Priced
  result Integer
  def call(context) = context.input(Order).items.size
end

class HandlersTest < Minitest::Test
  def run_step(handler, **options) = Tasker::Testing.run(handler, Tasker::Testing.context(**options))

  def test_a_class_reads_its_input_and_returns_a_result
    left = run_step(Price, input: { id: "A", items: [{ cents: 2 }, { cents: 3 }] })
    assert_equal ["complete", { "cents" => 5 }], [left.kind, left.result]
  end

  def test_an_input_of_another_form_is_a_permanent_failure_that_says_where
    error = assert_raises(Tasker::PermanentError) { run_step(Price, input: { id: "A", items: [{ cents: -2 }] }) }
    assert_equal "InvalidInput", error.error_type
    assert_includes error.message, "`items[0].cents`: -2 is less than 0"
    error = assert_raises(Tasker::PermanentError) { run_step(Price, input: { items: [] }) }
    assert_includes error.message, "`id`: it is missing"
  end

  def test_a_failure_is_returned_or_raised
    error = assert_raises(Tasker::PermanentError) { run_step(Price, input: { id: "A", items: [] }) }
    assert_equal %w[EmptyOrder no\ items], [error.error_type, error.message]
    error = assert_raises(Tasker::RetryableError) { run_step(Shop::Route, input: { busy: true }) }
    assert_equal ["RetryableError", 5, { n: 1 }], [error.error_type, error.retry_after, error.details]
  end

  def test_other_errors_are_retryable_and_have_the_line
    error = assert_raises(Tasker::RetryableError) { run_step("breaks") }
    assert_equal "ArgumentError", error.error_type
    assert_includes error.details[:stack], "#{File.basename(__FILE__)}:"
  end

  def test_messages_that_are_no_text_are_readable
    error = assert_raises(Tasker::RetryableError) { run_step("speaks") }
    assert_equal ["KeyError", "\ufffd\u00e9: \u00e9"], [error.error_type, error.message]
    assert_includes error.details[:stack], "\ufffd\u00e9 (KeyError)"
    texts = ["\u00e9".encode(Encoding::UTF_16LE), "x".dup.force_encoding(Encoding::UTF_7)]
    assert_equal ["\u00e9", "x"], (texts.map { |text| Tasker::Json.readable(text) })
  end

  def test_the_names_of_tasker_core
    left = run_step("Shop::Route", dependencies: { "Price" => { cents: 7 } })
    assert_equal ["branch", ["ship"], { "cents" => 7, "at" => "1970-01-01T00:00:00Z" }], [left.kind, left.steps, left.result]
  end

  def test_a_block_gets_what_it_names
    context = Tasker::Testing.context(input: { card: "visa" }, dependencies: { "Price" => 7 }, step_name: "pay")
    assert_equal({ "price" => 7, "card" => "visa", "step" => "pay" }, Tasker::Testing.run("cart", context).result)
    assert_equal [["info", "card visa"]], context.host.logs
  end

  def test_batches
    left = run_step("analyze")
    assert_equal [{ "start" => 0, "end" => 2 }, { "start" => 2, "end" => 4 }, { "start" => 4, "end" => 5 }], left.cursors
    assert_equal [2, 4, false], run_step("work", cursor: { start: 2, end: 4 }, batch_worker: [2, 3]).result
    assert_equal [true], run_step("work", no_op: true).result.compact
  end

  def test_a_handler_has_what_its_base_says
    assert_equal ["Reads an order.", Order, Integer, Hash], [Count.description, Count.input, Count.result, Priced.result]
    assert_equal 1, run_step(Count, input: { id: "A", items: [{ cents: 1 }] }).result
    assert_equal "InvalidInput", assert_raises(Tasker::PermanentError) { run_step(Count, input: {}) }.error_type
    assert_equal ["", nil], [Tasker::StepHandler.description, Tasker::StepHandler.input]
  end

  def test_a_wait_is_a_number_of_seconds
    waits = ["5", " 2.5", 3, 1r / 2, Float::INFINITY, nil].map { |wait| Tasker::RetryableError.new("later", retry_after: wait).retry_after }
    assert_equal [5, 2.5, 3, 1r / 2, Float::INFINITY, nil], waits
    ["soon", "", Float::NAN, Time.now, 1i, [1], true].each do |wait|
      error = assert_raises(ArgumentError) { Tasker::PermanentError.new("no", retry_after: wait) }
      assert_includes error.message, "`retry_after` is #{wait.inspect}"
    end
  end

  def test_without_a_host_the_log_is_standard_error
    assert_nil Tasker::Logger.host
    assert_output("", "warn: low\ninfo: Integer\ncritical: bad (RuntimeError)\n") do
      Tasker.logger.warn("low")
      TaskerCore::Logger.instance.info { Integer }
      Tasker.logger.fatal(RuntimeError.new("bad"))
    end
    assert_output("", "info: card 1\n") { Tasker::Registry.find("cart").new.logger.info("card 1") }
  end

  def test_names_and_keys_are_texts
    context = Tasker::Testing.context
    bucket = context.key_value(:shelf)
    assert_same bucket, context.key_value("shelf")
    bucket.set(:a, 1)
    bucket.set_many({ b: 2, 3 => 4 })
    assert_equal [[1, 2, 4], true, 2], [bucket.get_many([:a, "b", 3]), bucket.exists?(:b), bucket.update(:a) { |one| one + 1 }]
    assert_equal [5, %w[3 a b n]], [bucket.increment(:n, 5), bucket.keys]
    bucket.delete(:a, ["b"])
    assert_equal({ "shelf" => { "3" => "4", "n" => "5" } }, context.host.buckets)
    assert_raises(ArgumentError) { bucket.get(nil) }
    assert_equal "InvalidValue", assert_raises(Tasker::PermanentError) { bucket.increment("n", 1.5) }.error_type
    context.heartbeat(50)
    context.heartbeat
    assert_equal ["50", nil], context.host.heartbeats
  end

  def test_two_handlers_of_one_name_are_refused
    known = Tasker::Registry.instance_variable_get(:@classes).dup
    step_handler("cart") { |context:| nil }
    assert_includes assert_raises(ArgumentError) { Tasker::Registry.handlers }.message, "two handlers have the name `cart`"
  ensure
    Tasker::Registry.instance_variable_set(:@classes, known)
  end

  def test_what_json_cannot_hold_is_named
    assert_equal '{"a":[null,1.5,"b"]}', Tasker::Json.generate({ a: [Float::NAN, 1.5, :b] })
    error = assert_raises(Tasker::Mismatch) { Tasker::Json.generate({ a: [{ b: -> {} }] }) }
    assert_equal "`a[0].b`: a value of the class Proc cannot be written as JSON", error.message
    assert_raises(Tasker::Mismatch) { Tasker::Json.generate(["\xff"]) }
    assert_raises(Tasker::Mismatch) { Tasker::Json.parse("[1e400]") }
    assert_equal [9_007_199_254_740_993], Tasker::Json.parse("[9007199254740993]")
    assert_raises(Tasker::Mismatch) { Tasker::Json.parse("[#{"9" * 250}e99]") }
    assert_equal [10**250], Tasker::Json.parse("[1#{"0" * 250}]")
    [1..3, 1...1, [1].each, (1..).lazy, [[1, 2]].each_slice(1), Class.new { def to_h = self }.new].each do |value|
      assert_match(/cannot be written as JSON/, assert_raises(Tasker::Mismatch) { Tasker::Json.generate(value) }.message)
    end
    assert_equal '{"n":1}', Tasker::Json.generate(Class.new { def to_h = { n: 1 } }.new)
    error = assert_raises(Tasker::PermanentError) { run_step("range") }
    assert_equal ["ResultNotSerializable", "the result cannot be serialized: a value of the class Range cannot be written as JSON"],
                 [error.error_type, error.message]
  end

  def test_json_has_no_comments
    ["[1] // one", "/* one */ [1]", '["a" /* " */, "b"]', '{"a":// one' + "\n1}", '{"https://a":1} //'].each do |text|
      assert_raises(Tasker::Mismatch) { Tasker::Json.parse(text) }
    end
    texts = ["https://a.example/*", "\\", "/* \" // */"]
    assert_equal texts, Tasker::Json.parse(JSON.generate(texts))
  end

  def test_requests_and_buckets
    respond = lambda do |request|
      Tasker::Response.new(request.url.end_with?("/busy") ? 429 : 200, '{"id": 1}', [["Retry-After", "7"]], request.url)
    end
    context = Tasker::Testing.context(respond: respond, secrets: { key: "s" })
    assert_equal({ "id" => 1 }, context.http.post("https://a.example/x", json: { a: 1 }, params: { q: "é" }).check.json)
    assert_equal ["https://a.example/x?q=%C3%A9", '{"a":1}'], context.host.requests.first.to_a.values_at(1, 3)
    error = assert_raises(Tasker::RetryableError) { context.http.get("https://a.example/busy").check }
    assert_equal ["Http429", 7], [error.error_type, error.retry_after]
    bucket = context.key_value("shelf")
    assert_equal [nil, [1], 2], [bucket.get("a"), bucket.update("a") { |known| [*known, 1] }, bucket.increment("n", 2)]
    assert_equal "s", context.secret("key")
    assert_equal "SecretNotGranted", assert_raises(Tasker::PermanentError) { context.secret("other") }.error_type
  end
end
