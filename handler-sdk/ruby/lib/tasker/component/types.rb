# frozen_string_literal: true

require_relative "../json"
require_relative "memory"

module Tasker
  module Component
    # The types of WIT, as the canonical ABI lays them out.
    #
    # `load` reads a value from bytes, `store` writes it into bytes, `flatten` appends it to the arguments of a call, `lift` makes it
    # from the integer that a call returned. Values are: integers, booleans, strings; arrays for lists, records and tuples; the name
    # of an enum's case; `[case, value]` for variants and results (`["ok", value]`, `["error", value]`); nil or the value for options.
    module Types
      def self.align(offset, alignment) = (offset + alignment - 1) / alignment * alignment

      # An integer, a handle of a resource, or a boolean.
      class Number
        FORMS = { "u8" => ["C", 1], "s8" => ["c", 1], "u16" => ["S", 2], "s16" => ["s", 2], "u32" => ["L", 4], "s32" => ["l", 4],
                  "u64" => ["Q", 8], "s64" => ["q", 8], "handle" => ["L", 4] }.freeze
        attr_reader :size, :alignment

        def initialize(name)
          @form, @size = FORMS.fetch(name)
          @alignment = @size
        end

        def flat_count = 1
        def load(bytes, offset) = bytes.unpack1(@form, offset: offset)
        def store(bytes, offset, value) = bytes.bytesplice(offset, size, [value].pack(@form))
        def flatten(value, arguments) = arguments << value
        def lift(integer) = [integer].pack("Q").unpack1(@form)
      end

      class Boolean
        def size = 1
        def alignment = 1
        def flat_count = 1
        def load(bytes, offset) = bytes.getbyte(offset) != 0
        def store(bytes, offset, value) = bytes.setbyte(offset, value ? 1 : 0)
        def flatten(value, arguments) = arguments << (value ? 1 : 0)
        def lift(integer) = !(integer & 0xff).zero?
      end

      # Bytes, or a text in UTF-8.
      class Bytes
        def initialize(encoding) = @encoding = encoding
        def size = 8
        def alignment = 4
        def flat_count = 2

        def load(bytes, offset)
          address, length = bytes.unpack("LL", offset: offset)
          Memory.take(address, length).force_encoding(@encoding)
        end

        def store(bytes, offset, value) = bytes.bytesplice(offset, 8, place(value).pack("LL"))
        def flatten(value, arguments) = arguments.concat(place(value))

        private

        def place(value)
          value = Json.readable(value) if @encoding == Encoding::UTF_8
          [Memory.hold(value), value.bytesize]
        end
      end

      class List
        def initialize(type) = @type = type
        def size = 8
        def alignment = 4
        def flat_count = 2

        def load(bytes, offset)
          address, count = bytes.unpack("LL", offset: offset)
          items = Memory.take(address, count * @type.size)
          Array.new(count) { |index| @type.load(items, index * @type.size) }
        end

        def store(bytes, offset, value) = bytes.bytesplice(offset, 8, place(value).pack("LL"))
        def flatten(value, arguments) = arguments.concat(place(value))

        private

        def place(value)
          items = "\0".b * (value.size * @type.size)
          value.each_with_index { |item, index| @type.store(items, index * @type.size, item) }
          [Memory.place(items, @type.alignment), value.size]
        end
      end

      # A record or a tuple.
      class Record
        attr_reader :size, :alignment, :flat_count

        def initialize(types)
          @types, @offsets, offset = types, [], 0
          types.each do |type|
            offset = Types.align(offset, type.alignment)
            @offsets << offset
            offset += type.size
          end
          @alignment = types.map(&:alignment).max || 1
          @size = Types.align(offset, @alignment)
          @flat_count = types.sum(&:flat_count)
        end

        def load(bytes, offset) = @types.each_with_index.map { |type, index| type.load(bytes, offset + @offsets[index]) }

        def store(bytes, offset, values)
          @types.each_with_index { |type, index| type.store(bytes, offset + @offsets[index], values[index]) }
        end

        def flatten(values, arguments) = @types.each_with_index { |type, index| type.flatten(values[index], arguments) }
      end

      # One of several cases, each with a value or without.
      class Variant
        attr_reader :size, :alignment, :flat_count

        # `cases` are pairs of a name and a type, nil if the case has no value.
        def initialize(cases)
          @names, @types = cases.map(&:first), cases.map(&:last)
          known = @types.compact
          @alignment = known.map(&:alignment).max || 1
          @offset = Types.align(1, @alignment)
          @size = Types.align(@offset + (known.map(&:size).max || 0), @alignment)
          @flat_count = 1 + (known.map(&:flat_count).max || 0)
        end

        def load(bytes, offset)
          number = bytes.getbyte(offset)
          outward(@names[number], @types[number]&.load(bytes, offset + @offset))
        end

        def store(bytes, offset, value)
          number, inner = inward(value)
          bytes.setbyte(offset, number)
          @types[number]&.store(bytes, offset + @offset, inner)
        end

        def flatten(value, arguments)
          number, inner = inward(value)
          wanted = arguments.size + @flat_count
          arguments << number
          @types[number]&.flatten(inner, arguments)
          arguments << 0 while arguments.size < wanted
        end

        # Only for variants whose cases have no values.
        def lift(integer) = outward(@names[integer & 0xff], nil)

        private

        def outward(name, value) = [name, value]

        def inward(value)
          name, inner = value
          [@names.index(name) || raise(ArgumentError, "there is no case `#{name}`"), inner]
        end
      end

      class Enum < Variant
        def initialize(names) = super(names.map { |name| [name, nil] })

        private

        def outward(name, _value) = name
      end

      class Option < Variant
        def initialize(type) = super([["none", nil], ["some", type]])

        private

        def outward(_name, value) = value
        def inward(value) = value.nil? ? [0, nil] : [1, value]
      end

      # Makes types of their description.
      class Reader
        def initialize(descriptions)
          @known = []
          descriptions.each { |description| @known << build(*description) }
        end

        def of(reference)
          case reference
          when nil then nil
          when Integer then @known.fetch(reference)
          when "bool" then @boolean ||= Boolean.new
          when "string" then @text ||= Bytes.new(Encoding::UTF_8)
          else (@numbers ||= {})[reference] ||= Number.new(reference)
          end
        end

        private

        def build(kind, *parts)
          case kind
          when "record" then Record.new(parts[0].map { |_, type| of(type) })
          when "tuple" then Record.new(parts[0].map { |type| of(type) })
          when "variant" then Variant.new(parts[0].map { |name, type| [name, of(type)] })
          when "enum" then Enum.new(parts[0])
          when "option" then Option.new(of(parts[0]))
          when "result" then Variant.new([["ok", of(parts[0])], ["error", of(parts[1])]])
          when "list" then parts[0] == "u8" ? Bytes.new(Encoding::BINARY) : List.new(of(parts[0]))
          end
        end
      end
    end
  end
end
