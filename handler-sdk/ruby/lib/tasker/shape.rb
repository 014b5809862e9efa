# frozen_string_literal: true

require_relative "errors"
require_relative "json"

module Tasker
  # The forms of values: reads JSON as them, and describes them by JSON Schema.
  #
  # A form is a class (`String`, `Integer`, `Float`, `Hash`, `Array`), `:boolean`, `:any`, `[form]` for a list, a struct of
  # `Tasker.struct`, or a hash with `type` and, where wanted, `optional`, `description`, `minimum`, `maximum`, `enum`, `pattern`.
  module Shape
    SIMPLE = {
      String => ["string", ->(value) { value.is_a?(String) }],
      Integer => ["integer", ->(value) { value.is_a?(Integer) }],
      Float => ["number", ->(value) { value.is_a?(Numeric) }],
      Numeric => ["number", ->(value) { value.is_a?(Numeric) }],
      Hash => ["object", ->(value) { value.is_a?(Hash) }],
      Array => ["array", ->(value) { value.is_a?(Array) }],
      :boolean => ["boolean", ->(value) { [true, false].include?(value) }]
    }.freeze
    WORDS = { "string" => "a text", "integer" => "an integer", "number" => "a number", "object" => "an object",
              "array" => "a list", "boolean" => "true or false" }.freeze

    module_function

    # Reads a value as a form. Raises a Mismatch.
    def read(form, value, path = "")
      case form
      when nil, :any then value
      when Array
        fail_at(path, "expected a list, found #{found(value)}") unless value.is_a?(Array)
        value.each_with_index.map { |item, index| read(form.first, item, "#{path}[#{index}]") }
      when Hash then constrained(form, value, path)
      when Class, Symbol
        return form.read(value, path) if form.respond_to?(:shape)

        type, test = SIMPLE.fetch(form) { raise ArgumentError, "#{form.inspect} is no form of a value" }
        test.call(value) ? value : fail_at(path, "expected #{WORDS[type]}, found #{found(value)}")
      else raise ArgumentError, "#{form.inspect} is no form of a value"
      end
    end

    # The JSON Schema of a form.
    def schema(form)
      case form
      when nil, :any then {}
      when Array then { "type" => "array", "items" => schema(form.first) }
      when Hash
        rest = form.reject { |name, _| %i[type optional].include?(name) }
        known = schema(form[:type])
        known = { "anyOf" => [known, { "type" => "null" }] } if form[:optional]
        known.merge(rest.to_h { |name, value| [name.to_s, value.is_a?(Regexp) ? value.source : value] })
      else form.respond_to?(:shape) ? form.schema : { "type" => SIMPLE.fetch(form).first }
      end
    end

    def constrained(form, value, path)
      return nil if value.nil? && form[:optional]

      read(form[:type], value, path).tap do |known|
        fail_at(path, "#{known} is less than #{form[:minimum]}") if form[:minimum] && known < form[:minimum]
        fail_at(path, "#{known} is more than #{form[:maximum]}") if form[:maximum] && known > form[:maximum]
        fail_at(path, "`#{known}` is none of #{form[:enum].join(", ")}") if form[:enum] && !form[:enum].include?(known)
        fail_at(path, "`#{known}` does not match #{form[:pattern].source}") if form[:pattern] && !form[:pattern].match?(known)
      end
    end

    def found(value)
      case value
      when nil then "null"
      when String then "a text"
      when Hash then "an object"
      when Array then "a list"
      when true, false then value.to_s
      else "the number #{value}"
      end
    end

    def fail_at(path, what) = raise(Mismatch.new(what, path))
  end

  # A struct whose members have forms: `Order = Tasker.struct(id: String, quantity: { type: Integer, minimum: 0 })`. Other members of
  # an object are ignored.
  def self.struct(**forms)
    Struct.new(*forms.keys, keyword_init: true) do
      define_singleton_method(:shape) { forms }

      def self.read(value, path = "")
        Shape.fail_at(path, "expected an object, found #{Shape.found(value)}") unless value.is_a?(Hash)
        new(**shape.to_h do |name, form|
          place = Json.member(path, name)
          known = value.fetch(name.to_s, nil)
          optional = form.is_a?(Hash) && form[:optional]
          Shape.fail_at(place, "it is missing") unless optional || value.key?(name.to_s)
          [name, Shape.read(form, known, place)]
        end)
      end

      def self.schema
        required = shape.reject { |_, form| form.is_a?(Hash) && form[:optional] }.keys.map(&:to_s)
        { "type" => "object", "properties" => shape.to_h { |name, form| [name.to_s, Shape.schema(form)] }, "required" => required }
      end
    end
  end
end
