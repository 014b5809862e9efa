# frozen_string_literal: true

require "json"
require "set"
require "time"
require_relative "errors"

module Tasker
  # JSON as the platform understands it: numbers keep every digit, texts are UTF-8, and nothing else is passed over in silence.
  module Json
    # The levels of a document.
    DEPTH = 128
    # What needs a second look: half of a character, and numbers that may be beyond every double. 200 digits are, with two in the exponent.
    SUSPICIOUS = /\\u[dD][89a-fA-F]|[eE]\+?\d{3}|\d{200}/
    # The beginning of a comment, unless it is inside of a text. Most documents with slashes have addresses: these are only in texts.
    COMMENT, TEXT = %r{(?<![A-Za-z]:)/[/*]}, /"(?:[^"\\]++|\\.)*+"/m

    module_function

    # The value of a document. Raises a Mismatch.
    def parse(text)
      text = text.dup.force_encoding(Encoding::UTF_8) unless text.encoding == Encoding::UTF_8
      raise Mismatch, "it is not in UTF-8" unless text.valid_encoding?

      # The parser of the standard library skips comments.
      raise Mismatch, "it has a comment" if text.match?(COMMENT) && text.gsub(TEXT, "").match?(COMMENT)

      value = JSON.parse(text, max_nesting: DEPTH, allow_duplicate_key: true)
      check(value) if text.match?(SUSPICIOUS)
      value
    rescue JSON::ParserError => error
      raise Mismatch, error.message.lines.first.to_s.strip
    end

    # The document of a value. Raises a Mismatch that says which part cannot be written.
    def generate(value) = JSON.generate(plain(value, 0), max_nesting: 0)

    # What JSON can hold: symbols, times, structs and objects with `to_h` become it. Numbers that are none become null.
    #
    # Without blocks, which take a lot of the interpreter's stack in each level.
    def plain(value, depth)
      raise Mismatch, "it has more than #{DEPTH} levels" if depth > DEPTH

      case value
      when nil, true, false, Integer then value
      when String then text(value)
      when Float then value.finite? ? value : nil
      when Symbol then text(value.to_s)
      when Hash then members(value, depth)
      when Array then items(value, depth)
      when Time then value.iso8601(value.nsec.zero? ? 0 : 6)
      when Struct then plain(described(value), depth)
      when Set then plain(value.to_a, depth)
      else other(value, depth)
      end
    end

    def members(value, depth)
      made, keys, index, key = {}, value.keys, 0, nil
      while index < keys.size
        key = keys[index]
        made[name(key)] = plain(value[key], depth + 1)
        index += 1
      end
      made
    rescue Mismatch => error
      raise error.within(key.to_s)
    end

    def items(value, depth)
      made, index = [], 0
      while index < value.size
        made << plain(value[index], depth + 1)
        index += 1
      end
      made
    rescue Mismatch => error
      raise error.within("[#{index}]")
    end

    def other(value, depth)
      return text(value.iso8601.to_s) if value.respond_to?(:iso8601)
      return plain(described(value), depth) if value.respond_to?(:to_h)
      return value.to_s if value.is_a?(Numeric)

      refuse(value)
    end

    # What `to_h` says about an object. That of all enumerations says nothing: it makes a hash of pairs, if there are pairs.
    def described(value)
      return refuse(value) if value.is_a?(Enumerable) && value.class.instance_method(:to_h).owner == Enumerable

      made = value.to_h
      made.is_a?(Hash) ? made : refuse(value)
    rescue TypeError, ArgumentError
      refuse(value)
    end

    def refuse(value) = raise(Mismatch, "a value of the class #{value.class} cannot be written as JSON")

    def name(key)
      return text(key.to_s) if key.is_a?(String) || key.is_a?(Symbol) || key.is_a?(Integer)

      raise Mismatch, "a key of the class #{key.class} cannot be written as JSON"
    end

    def text(value)
      utf8 = value.encoding == Encoding::UTF_8 ? value : value.encode(Encoding::UTF_8)
      utf8.valid_encoding? ? utf8 : raise(Mismatch, "a string is no text in UTF-8")
    rescue EncodingError
      raise Mismatch, "a string in #{value.encoding} is no text"
    end

    # A text in UTF-8 for people: what is none becomes replacement characters.
    def readable(value)
      return value.dup.force_encoding(Encoding::UTF_8).scrub if value.encoding == Encoding::BINARY

      value.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub
    # No rule leads from some encodings to UTF-8.
    rescue EncodingError
      value.b.force_encoding(Encoding::UTF_8).scrub
    end

    def check(value)
      case value
      when String then raise Mismatch, "a string holds half of a surrogate pair, which is no text" unless value.valid_encoding?
      when Float then raise Mismatch, "a number is too large" unless value.finite?
      when Array then value.each { |item| check(item) }
      when Hash then value.each { |key, item| check(key) || check(item) }
      end
      nil
    end

    def member(path, name) = path.empty? ? name.to_s : "#{path}.#{name}"
  end
end
