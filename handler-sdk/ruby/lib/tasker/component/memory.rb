# frozen_string_literal: true

module Tasker
  module Component
    # The memory of the component, in which the strings of Ruby are as well, and the way out of it.
    #
    # A call is a frame: an array of 64-bit slots with the number of a function and its arguments. The result replaces the number.
    module Memory
      # The functions that are there besides the component's imports, which follow.
      COPY, ALLOCATE, SHRINK, FIRST_IMPORT = 0, 1, 2, 3
      # Strings of this length never move.
      FIXED_BYTES = 4096

      class << self
        # Where results are returned.
        attr_reader :result, :result_address

        def start
          require "js.so"
          @frame, @result = "\0".b * FIXED_BYTES, "\0".b * FIXED_BYTES
          @frame_address, @result_address = address(@frame), address(@result)
          @held = []
        end

        # Calls a function with integers, and returns the unsigned integer of its result.
        def call(number, *arguments)
          slots = [number, *arguments].pack("q*")
          @frame.bytesplice(0, slots.bytesize, slots)
          @frame_address.to_js
          @frame.unpack1("Q")
        end

        # The bytes at an address.
        def read(address, length)
          return String.new if length.zero?

          bytes = String.new("\0", encoding: Encoding::UTF_8) * length
          call(COPY, address(bytes), address, length)
          # Ruby has to forget what it knew about the bytes.
          bytes.force_encoding(Encoding::BINARY)
        end

        # Reads what the host has written into memory that it asked for, and gives most of that back.
        def take(address, length)
          bytes = read(address, length)
          call(SHRINK, address, length) if length > 64
          bytes
        end

        # Puts bytes into memory of their own, and returns its address.
        def place(bytes, alignment)
          return alignment if bytes.empty?

          address = call(ALLOCATE, bytes.bytesize, alignment)
          call(COPY, address, address(bytes), bytes.bytesize)
          address
        end

        # The address of a string's bytes. The string lives until the next call of `release`.
        def hold(bytes)
          return 1 if bytes.empty?

          @held << bytes
          address(bytes)
        end

        def release = @held.clear

        private

        def address(bytes) = [bytes].pack("P").unpack1("L")
      end
    end
  end
end
