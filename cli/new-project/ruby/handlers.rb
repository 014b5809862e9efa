# frozen_string_literal: true

# The step handlers of {{name}}.

require "tasker"

Guest = Tasker.struct(name: { type: String, description: "The person to greet." })
Greeting = Tasker.struct(text: String)

# Composes a greeting for a guest.
class Compose < Tasker::StepHandler
  handler_name "compose"
  description "Composes a greeting for a guest."
  input Guest
  result Greeting

  def call(context)
    guest = context.input(Guest)
    raise Tasker::PermanentError.new("the guest has no name", error_type: "NoName") if guest.name.strip.empty?

    success(result: { text: "Hello, #{guest.name}!" })
  end
end

# Announces the greeting in capitals.
class Announce < Tasker::StepHandler
  handler_name "announce"
  description "Announces the greeting in capitals."
  result Greeting

  def call(context)
    text = context.dependency("compose", Greeting).text
    logger.info("announcing #{text.inspect}")
    success(result: { text: text.upcase })
  end
end
