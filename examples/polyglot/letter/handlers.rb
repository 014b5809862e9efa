# frozen_string_literal: true

# The letter to the customer, in Ruby.

require "tasker"

Letter = Tasker.struct(text: String)

# Writes what the customer is told about an order.
class WriteLetter < Tasker::StepHandler
  handler_name "write_letter"
  description "Writes the letter about an order."
  result Letter

  # The score of the risk from which on somebody must look at the order.
  HIGH_RISK = 50

  def call(context)
    order = context.get_input("order_id")
    risk = context.get_dependency_field("assess_risk", "score")
    raise Tasker::PermanentError.new("order #{order} has a risk of #{risk}", error_type: "HighRisk") if risk >= HIGH_RISK

    cents = context.get_dependency_field("discount", "total_cents")
    boxes = context.get_dependency_field("pack", "boxes")
    price = format("%d.%02d", *cents.divmod(100))
    success(result: { text: "Your order #{order} for #{price} euros comes in #{boxes} #{boxes == 1 ? 'box' : 'boxes'}." })
  end
end
