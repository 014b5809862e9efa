# frozen_string_literal: true

module Tasker
  # Why a handler failed. Raise a PermanentError or a RetryableError.
  #
  # `error_type` is a short stable name for people and alerts, such as `CardDeclined`; without it, `error_code`, else the name of the
  # class. `details` are for debugging: any JSON; `context` is another name for them. `retry_after` is a number of seconds, or a text
  # with one; anything else is an ArgumentError.
  class Error < StandardError
    attr_reader :error_code, :details, :retry_after

    def initialize(message = nil, error_type: nil, error_code: nil, details: nil, context: nil, retry_after: nil, error_category: nil)
      super(message || self.class.name.split("::").last)
      @error_type, @error_code, @retry_after = error_type, error_code, Error.seconds(retry_after)
      @details = details.nil? ? context : details
      @details = { error_category: error_category }.merge(@details || {}) if error_category && (@details.nil? || @details.is_a?(Hash))
    end

    # The number of seconds that a wait has, nil if there is none.
    def self.seconds(wait)
      return if wait.nil?

      known = wait.is_a?(String) ? Integer(wait, 10, exception: false) || Float(wait, exception: false) : wait
      return known if known.is_a?(Numeric) && known.real? && !(known.respond_to?(:nan?) && known.nan?)

      raise ArgumentError, "`retry_after` is #{wait.inspect}, which is no number of seconds"
    end

    def error_type = (@error_type || error_code || self.class.name.split("::").last).to_s
    def context = details
    def retryable? = false
  end

  # A failure that every attempt would have.
  class PermanentError < Error
  end

  # A failure that another attempt may not have. `retry_after` is the minimum wait before it, in seconds, instead of the template's
  # backoff.
  class RetryableError < Error
    def retryable? = true
  end

  # A value that does not have its form, and where in it: `items[0].price`.
  class Mismatch < StandardError
    # Where a path is no help any more.
    LONG = 200
    attr_reader :what, :path

    def initialize(what, path = "")
      super(path.empty? ? what : "`#{path}`: #{what}")
      @what, @path = what, path
    end

    # The same, seen from around the part.
    def within(part)
      return self if path.size > LONG

      Mismatch.new(what, path.empty? || path.start_with?("[") ? "#{part}#{path}" : "#{part}.#{path}")
    end
  end
end
