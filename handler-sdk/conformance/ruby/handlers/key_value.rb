# frozen_string_literal: true

# Buckets.

require "tasker"

# Runs operations on a bucket, in their order. Each is an object with one member, its name.
class Shelf < Tasker::StepHandler
  handler_name "store"
  description "Runs the operations of its input, and returns what each returns; null if it returns nothing."
  input Tasker.struct(bucket: String, operations: [Hash])

  def call(context)
    bucket = context.key_value(context.get_input("bucket"))
    context.get_input("operations").flat_map { |operation| operation.map { |name, argument| run(bucket, name, argument) } }
  end

  private

  def run(bucket, name, argument)
    case name
    when "append" then bucket.update(argument[0]) { |known| [*known, argument[1]] }
    when "refuse" then bucket.update(argument) { raise Tasker::PermanentError.new("the update is refused", error_type: "Refused") }
    when "set_bytes" then bucket.set_bytes(argument[0], argument[1].pack("C*"))
    when "get_bytes" then bucket.get_bytes(argument)&.bytes
    when "set_large" then bucket.set(argument[0], "x" * argument[1])
    when "set_many" then bucket.set_many(argument.to_h)
    when "exists" then bucket.exists?(argument)
    when "keys" then bucket.keys
    when "get", "get_many" then bucket.public_send(name, argument)
    else bucket.public_send(name, *argument)
    end
  end
end
