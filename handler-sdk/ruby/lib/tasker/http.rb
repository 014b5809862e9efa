# frozen_string_literal: true

require "time"
require "uri"
require_relative "errors"
require_relative "json"
require_relative "shape"

module Tasker
  # A request. `timeout` is in seconds: for the connection, for the response to begin, and for each part of its body.
  Request = Struct.new(:method, :url, :headers, :body, :timeout)

  # A response. `check` decides which are errors, and which of these are retryable: 408, 409, 425, 429, 500, 502, 503 and 504 are,
  # any other from 400 on is permanent.
  class Response
    RETRYABLE = [408, 409, 425, 429, 500, 502, 503, 504].freeze
    # How much of the body of an error goes into the failure's details.
    SHOWN_CHARACTERS = 1000

    attr_reader :status, :url

    # `headers` are pairs, `pieces` the parts of the body.
    def initialize(status, pieces = "", headers = [], url = "")
      @status, @pieces, @url, @headers = status, pieces, url, {}
      # Values of one name are joined, as HTTP defines.
      headers.each { |name, value| @headers[name.downcase] = [@headers[name.downcase], value].compact.join(", ") }
    end

    # The values of headers by their names in lower case.
    attr_reader :headers

    # The value of a header, by its name in any case.
    def [](name) = @headers[name.downcase]

    # The bytes of the body.
    def bytes
      @bytes ||= @pieces.is_a?(String) ? @pieces.b : @pieces.to_a.join.b
    end

    # The body as text in UTF-8. Other bytes become replacement characters.
    def body = bytes.dup.force_encoding(Encoding::UTF_8).scrub
    alias text body

    # The body as JSON, of a form. Raises a retryable `HttpInvalidBody`.
    def json(form = :any)
      Shape.read(form, Json.parse(bytes))
    rescue Mismatch => error
      raise RetryableError.new("the response of #{url} does not have the expected form: #{error.message}", error_type: "HttpInvalidBody")
    end

    def success? = status.between?(200, 299)

    # Returns the response unless its status is an error. Raises a failure named `Http` and the status, with the beginning of the
    # body as details.
    def check
      return self if status < 400

      options = { error_type: "Http#{status}", details: { body: body[0, SHOWN_CHARACTERS] } }
      message = "#{url} returned #{status}"
      raise PermanentError.new(message, **options) unless RETRYABLE.include?(status)

      raise RetryableError.new(message, retry_after: wait, **options)
    end

    private

    # The wait in the header `Retry-After`: seconds, or a date in the future.
    def wait
      value = self["retry-after"].to_s.strip
      return value.to_i if value.match?(/\A\d+\z/)

      seconds = Time.httpdate(value) - Time.now
      seconds.positive? ? seconds : nil
    rescue ArgumentError
      nil
    end
  end

  # Sends requests to the destinations in the template's `grants.http`. An error status is no error here: see Response#check.
  #
  # Every method raises a retryable `HttpUnreachable` if there was no response, and a permanent `HttpDenied` if the template does not
  # grant the destination.
  class Http
    def initialize(host) = @host = host

    %w[get head post put patch delete].each do |name|
      define_method(name) { |url, **options| request(name.upcase, url, **options) }
    end

    # Sends a request with any method. `params` are added to the URL; `json` or `body` is the body.
    def request(method, url, params: nil, headers: {}, json: (no_json = true), body: "", timeout: nil)
      url = url.to_s
      url += "#{url.include?("?") ? "&" : "?"}#{URI.encode_www_form(params)}" if params && !params.empty?
      headers = headers.map { |name, value| [name.to_s, value.to_s] }
      unless no_json
        body = written(json)
        headers << ["content-type", "application/json"]
      end
      raise ArgumentError, "the body of a request is a String; `json:` takes other values" unless body.is_a?(String)

      status, fields, pieces = @host.send_request(Request.new(method.to_s, url, headers, body, timeout))
      # The body is read now, while a failure belongs to the request.
      Response.new(status, pieces, fields, url).tap(&:bytes)
    end

    private

    def written(value)
      Json.generate(value)
    rescue Mismatch => error
      raise PermanentError.new("the request's body cannot be serialized: #{error.message}", error_type: "InvalidRequest")
    end
  end
end
