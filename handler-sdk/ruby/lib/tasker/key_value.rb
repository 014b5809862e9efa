# frozen_string_literal: true

require_relative "errors"
require_relative "json"
require_relative "shape"

module Tasker
  # A bucket could not be worked with.
  class StoreError < StandardError
  end

  # An open bucket. Keys are texts; symbols and numbers become texts.
  #
  # Every method raises a retryable `KeyValueFailed` if the store is unavailable, and a permanent `InvalidValue` for a value that does
  # not have the form, is no JSON, or is too large.
  class Bucket
    # The largest value.
    MAX_VALUE_BYTES = 400_000

    def initialize(name, store) = (@name, @store = name, store)

    # The value of a key, nil if it has none.
    def get(key, form = :any)
      value = get_bytes(key)
      value && read(key, value, form)
    end

    # The values of several keys, in their order, in one call.
    def get_many(keys, form = :any)
      asking { @store.get_many(texts(keys)) }.zip(keys).map { |value, key| value && read(key, value, form) }
    end

    def set(key, value) = set_bytes(key, written(key, value))

    # Sets the values of several keys in one call. On error, some may have been set.
    def set_many(values)
      written = values.map { |key, value| [text(key), checked(key, written(key, value))] }
      asking { @store.set_many(written) }
      nil
    end

    def get_bytes(key) = asking { @store.get(text(key)) }

    def set_bytes(key, value)
      checked(key, value)
      asking { @store.set(text(key), value.b) }
      nil
    end

    def delete(*keys)
      asking { @store.delete(texts(keys.flatten)) }
      nil
    end

    def exists?(key) = asking { @store.exists?(text(key)) }

    # All keys that have a value. Reads the whole bucket, page by page.
    def keys = asking { @store.keys }

    # Adds to a number atomically and returns the sum. A key without a value counts as 0.
    def increment(key, delta = 1)
      unless delta.is_a?(Integer) && delta.between?(-(2**63), 2**63 - 1)
        raise PermanentError.new("`#{key}` cannot be incremented by #{delta.inspect}, which is no integer of 64 bits",
                                 error_type: "InvalidValue")
      end
      asking { @store.increment(text(key), delta) }
    end

    # Replaces the value by what the block makes of the old one, and returns the new one. Calls the block again if the value was
    # written in between, so no write is lost.
    def update(key, form = :any)
      new = nil
      asking do
        @store.swap(text(key)) do |old|
          new = yield(old && read(key, old, form))
          checked(key, written(key, new))
        end
      end
      new
    end

    private

    def texts(keys) = keys.map { |key| text(key) }
    def text(key) = key.nil? ? raise(ArgumentError, "nil is no key of the bucket `#{@name}`") : key.to_s

    def read(key, value, form) = expecting(key) { Shape.read(form, Json.parse(value)) }
    def written(key, value) = expecting(key) { Json.generate(value).b }

    def expecting(key)
      yield
    rescue Mismatch => error
      message = "`#{key}` in the bucket `#{@name}` does not have the expected form: #{error.message}"
      raise PermanentError.new(message, error_type: "InvalidValue")
    end

    # Raises a permanent failure, because no other attempt would succeed.
    def checked(key, value)
      return value if value.bytesize <= MAX_VALUE_BYTES

      message = "the value for `#{key}` in the bucket `#{@name}` has #{value.bytesize} bytes, more than the limit of #{MAX_VALUE_BYTES}"
      raise PermanentError.new(message, error_type: "InvalidValue")
    end

    def asking
      yield
    rescue StoreError => error
      raise RetryableError.new("bucket `#{@name}`: #{error.message}", error_type: "KeyValueFailed")
    end
  end
end
