# frozen_string_literal: true

# JSON in and out.

require "tasker"
include Tasker::Functional

step_handler "echo", description: "Returns its input." do |context:|
  context.input
end

step_handler "nothing", description: "Returns nothing." do |context:|
  nil
end

step_handler "unserializable", description: "Returns a value that JSON cannot hold." do |context:|
  { function: -> {} }
end

step_handler "not_a_number", description: "Returns a number that is none." do |context:|
  Float::NAN
end

Order = Tasker.struct(
  id: { type: String, description: "Its number." },
  quantity: { type: Integer, minimum: 0, description: "How many." }
)
Priced = Tasker.struct(
  id: { type: String, description: "The order's number." },
  total_cents: { type: Integer, minimum: 0, description: "The price, in cents." }
)

step_handler "price", input: Order, result: Priced, description: "Calculates the price of an order." do |input:, context:|
  Priced.new(id: input.id, total_cents: input.quantity * 250)
end
