# frozen_string_literal: true

require "minitest/autorun"
require "tasker/component/start"

# The functions that a component imports. Each makes, takes and drops handles as the contract says, and fails where a test wants it.
class Imports
  MADE = { "fields" => "[constructor]fields", "outgoing-request" => "[constructor]outgoing-request",
           "request-options" => "[constructor]request-options", "pollable" => "[method]future-incoming-response.subscribe" }.invert.freeze
  OPENED = { "[method]outgoing-request.body" => "outgoing-body", "[method]outgoing-body.write" => "output-stream",
             "[method]incoming-response.consume" => "incoming-body", "[method]incoming-body.stream" => "input-stream",
             "open" => "bucket", "[static]cas.new" => "cas" }.freeze
  OK = ["ok", nil].freeze

  # The types of the handles that are there, by their numbers, and how many there were of each type.
  attr_reader :live, :opened

  # `answers` are what functions return instead, by their names: lambdas that get this object.
  def initialize(answers = {})
    @answers, @live, @opened, @chunks = answers, {}, Hash.new(0), ["body"]
  end

  def exports = {}
  def import(_interface, name) = ->(*arguments) { call(name, *arguments) }

  def make(type)
    @opened[type] += 1
    @opened.values.sum.tap { |handle| @live[handle] = type }
  end

  def take(handle, type) = @live.delete(handle) == type || raise("handle #{handle} is no #{type}")

  private

  def call(name, *arguments)
    return take(arguments.first, name.delete_prefix("[resource-drop]")) if name.start_with?("[resource-drop]")

    taken(name, arguments)
    answer = @answers[name]
    return answer.call(self) if answer
    return make(MADE[name]) if MADE.key?(name)
    return ["ok", make(OPENED[name])] if OPENED.key?(name)

    case name
    when "handle" then ["ok", make("future-incoming-response")]
    when "[method]future-incoming-response.get" then ["ok", ["ok", make("incoming-response")]]
    when "[method]incoming-response.headers" then make("fields")
    when "[method]fields.entries" then [["a", +"b"]]
    when "[method]incoming-response.status" then 200
    when "[method]input-stream.blocking-read" then (chunk = @chunks.shift) ? ["ok", chunk] : ["error", ["closed", nil]]
    when "[method]error.to-debug-string" then "reset"
    when "[method]cas.current" then ["ok", nil]
    else OK
    end
  end

  # What the host owns after the call.
  def taken(name, arguments)
    case name
    when "[constructor]outgoing-request" then take(arguments[0], "fields")
    when "handle"
      take(arguments[0], "outgoing-request")
      take(arguments[1], "request-options") if arguments[1]
    when "[static]outgoing-body.finish" then take(arguments[0], "outgoing-body")
    when "swap" then take(arguments[0], "cas")
    end
  end
end

# An error whose own methods fail.
class Broken < Tasker::PermanentError
  def error_type = raise("no type")
end

class ComponentTest < Minitest::Test
  BROKEN = ->(imports) { ["error", ["last-operation-failed", imports.make("error")]] }

  def request(imports, **options)
    context = Tasker::Context.new(Tasker::Testing.facts, Tasker::Component::Host.new(imports))
    context.http.post("https://a.example/", body: "x", timeout: 1, **options)
  end

  def test_a_request_leaves_no_handle
    imports = Imports.new
    assert_equal [200, "body", { "a" => "b" }], request(imports).then { |response| [response.status, response.body, response.headers] }
    assert_empty imports.live
    assert_equal 1, imports.opened["future-incoming-response"]
  end

  def test_a_request_that_fails_leaves_no_handle
    { "handle" => [->(_) { ["error", ["HTTP-request-denied", nil]] }, "HttpDenied"],
      "[method]fields.append" => [->(_) { ["error", ["forbidden", nil]] }, "InvalidRequest"],
      "[method]outgoing-request.set-authority" => [->(_) { ["error", nil] }, "InvalidRequest"],
      "[method]outgoing-request.body" => [->(_) { ["error", nil] }, "HttpUnreachable"],
      "[method]request-options.set-connect-timeout" => [->(_) { ["error", nil] }, "InvalidRequest"],
      "[method]outgoing-body.write" => [->(_) { ["error", nil] }, "HttpUnreachable"],
      "[method]output-stream.blocking-write-and-flush" => [BROKEN, "HttpUnreachable"],
      "[static]outgoing-body.finish" => [->(_) { ["error", ["connection-terminated", nil]] }, "HttpUnreachable"],
      "[method]future-incoming-response.get" => [->(_) { ["ok", ["error", ["DNS-timeout", nil]]] }, "HttpUnreachable"],
      "[method]incoming-response.consume" => [->(_) { ["error", nil] }, "HttpUnreachable"],
      "[method]incoming-body.stream" => [->(_) { ["error", nil] }, "HttpUnreachable"],
      "[method]input-stream.blocking-read" => [BROKEN, "HttpUnreachable"] }.each do |name, (answer, type)|
      imports = Imports.new(name => answer)
      assert_equal type, assert_raises(Tasker::Error) { request(imports) }.error_type, name
      assert_empty imports.live, name
    end
    imports = Imports.new
    assert_raises(TypeError, NoMethodError) { request(imports, timeout: Object.new) }
    assert_empty imports.live
  end

  def test_a_bucket_is_opened_once
    imports = Imports.new
    context = Tasker::Context.new(Tasker::Testing.facts, Tasker::Component::Host.new(imports))
    300.times { |number| context.key_value(number.even? ? "shelf" : :shelf).set(number, 1) }
    assert_equal({ 1 => "bucket" }, imports.live)
  end

  def test_an_update_leaves_no_handle
    lost = 2
    again = ->(imports) { (lost -= 1).negative? ? Imports::OK : ["error", ["cas-failed", imports.make("cas")]] }
    [[{ "swap" => again }, -> { 1 }, nil],
     [{}, -> { raise StopIteration, "enough" }, StopIteration],
     [{ "[method]cas.current" => ->(_) { ["error", ["other", "down"]] } }, -> { 1 }, Tasker::RetryableError],
     [{ "swap" => ->(_) { ["error", ["store-error", ["other", "down"]]] } }, -> { 1 }, Tasker::RetryableError]]
      .each do |answers, made, error|
      imports = Imports.new(answers)
      bucket = Tasker::Context.new(Tasker::Testing.facts, Tasker::Component::Host.new(imports)).key_value("shelf")
      error ? assert_raises(error) { bucket.update("a") { made.call } } : assert_equal(1, bucket.update("a") { made.call })
      assert_equal ["bucket"], imports.live.values
    end
    assert_equal(-1, lost)
  end

  # What leaves the component if a handler raises: the type, the message, whether it is retryable, the wait, and the details.
  def failure(error)
    known = Tasker::Logger.host
    Tasker::Component::Caller.new("/app", Imports.new).send(:failure, error).last
  ensure
    Tasker::Logger.host = known
  end

  def test_a_failure_stays_what_it_is_whatever_it_holds
    assert_equal ["Tired", "later", true, 1500, '{"n":1}'],
                 failure(Tasker::RetryableError.new("later", error_type: "Tired", retry_after: "1.5", details: { n: 1 }))
    assert_equal ["PermanentError", "no", false, nil, nil], failure(Tasker::PermanentError.new("no", details: 1..3))
    assert_equal ["PermanentError", "no", false, nil, nil], failure(Tasker::PermanentError.new("no", details: { a: [1].each }))
    assert_equal 2**64 - 1, failure(Tasker::RetryableError.new("later", retry_after: Float::INFINITY))[3]
    hostile = Class.new { def to_h = raise("no") }.new
    assert_equal ["PermanentError", "no", false, nil, nil], failure(Tasker::PermanentError.new("no", details: hostile))
    assert_equal ["Broken", "no", false, nil, nil], failure(Broken.new("no"))
    mute = Class.new(StandardError) { def message = raise("no") }
    assert_equal [true, nil], failure(mute.new).values_at(2, 3)
  end
end
