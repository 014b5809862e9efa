# frozen_string_literal: true

# Requests.

require "tasker"
include Tasker::Functional

Wish = Tasker.struct(
  method: String,
  url: String,
  # What to return of the body.
  body: { type: String, enum: %w[json text size] },
  headers: { type: Hash, optional: true },
  json: { type: :any, optional: true },
  # Whether an error status is a failure.
  check: { type: :boolean, optional: true },
  # The header to return.
  header: { type: String, optional: true }
)

step_handler "request", input: Wish, description: "Sends the request of its input." do |input:, context:|
  options = { headers: input.headers || {} }
  options[:json] = input.json unless input.json.nil?
  response = context.http.request(input.method, input.url, **options)
  response.check if input.check
  body = { "json" => -> { response.json }, "text" => -> { response.text }, "size" => -> { response.bytes.bytesize } }
  { status: response.status, header: input.header && response[input.header], body: body.fetch(input.body).call }
end
