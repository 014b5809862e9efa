# frozen_string_literal: true

# The handlers as plain classes.

require "minitest/autorun"
require "tasker/testing"
require_relative "../handlers"

class HandlersTest < Minitest::Test
  def test_a_greeting_is_announced_in_capitals
    composed = Tasker::Testing.run(Compose, Tasker::Testing.context(input: { name: "Ada" })).result
    announced = Tasker::Testing.run(Announce, Tasker::Testing.context(dependencies: { compose: composed }))
    assert_equal({ "text" => "HELLO, ADA!" }, announced.result)
  end

  def test_a_guest_without_name_is_refused
    error = assert_raises(Tasker::PermanentError) { Compose.new.call(Tasker::Testing.context(input: { name: " " })) }
    assert_equal "NoName", error.error_type
  end
end
