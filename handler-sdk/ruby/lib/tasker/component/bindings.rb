# frozen_string_literal: true

require_relative "types"

module Tasker
  module Component
    # The functions that the component imports, and the types of those that it exports.
    class Bindings
      # A function of the host.
      class Import
        def initialize(number, params, result)
          @number, @params, @result = number, params, result
          @returns_in_memory = result && result.flat_count > 1
        end

        def call(*values)
          arguments = []
          @params.each_with_index { |type, index| type.flatten(values[index], arguments) }
          arguments << Memory.result_address if @returns_in_memory
          returned = Memory.call(@number, *arguments)
          if @returns_in_memory then @result.load(Memory.result, 0)
          elsif @result then @result.lift(returned)
          end
        ensure
          Memory.release
        end
      end

      # The parameters of an exported function as one record, and the type of its result.
      Export = Struct.new(:params, :result)

      attr_reader :exports

      def initialize(description)
        types = Types::Reader.new(description.fetch("types"))
        @imports = description.fetch("imports").each_with_index.to_h do |function, index|
          raise "#{function["name"]} has too many parameters" if function["indirect"]

          params = function["params"].map { |type| types.of(type) }
          [function["name"], Import.new(Memory::FIRST_IMPORT + index, params, types.of(function["result"]))]
        end
        @exports = description.fetch("exports").to_h do |function|
          params = Types::Record.new(function["params"].map { |type| types.of(type) })
          [function["name"], Export.new(params, types.of(function["result"]))]
        end
      end

      # The function of an interface, in any version of it: `import("wasi:keyvalue/store", "open")`.
      def import(interface, name)
        found = @imports.find { |known, _| known.start_with?("#{interface}@") && known.end_with?("##{name}") }
        found ? found.last : raise(KeyError, "the component does not import #{interface} #{name}")
      end
    end
  end
end
