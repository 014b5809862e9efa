# frozen_string_literal: true

require_relative "outcome"

module Tasker
  # Batches: splits work into slices, processes a slice step by step, and combines the results.
  #
  # A slice is a hash with `start` (inclusive) and `end` (exclusive).
  module Batch
    # Splits `total` items into slices of `size`; the last one has the remainder. A size of 0 counts as 1.
    def self.ranges(total, size)
      size = [size, 1].max
      (0...total).step(size).map { |start| { start: start, end: [start + size, total].min } }
    end

    # Splits `total` items evenly among `workers`. No slice is empty, and their sizes differ by at most one. If there are fewer items
    # than workers, there are fewer slices.
    def self.split(total, workers)
      workers = [[workers, 1].max, total].min
      start = 0
      Array.new(workers) do |worker|
        size = total / workers + (worker < total % workers ? 1 : 0)
        { start: start, end: start += size }
      end
    end

    # Item counts of a slice or of all slices. They can be added.
    Counts = Struct.new(:processed, :succeeded, :failed, :skipped, keyword_init: true) do
      def self.of(value) = new(**members.to_h { |name| [name, value&.fetch(name.to_s, 0) || 0] })

      def initialize(processed: 0, succeeded: 0, failed: 0, skipped: 0) = super

      def +(other) = Counts.new(**to_h.merge(other.to_h) { |_, one, two| one + two })
    end

    # The progress of a worker, saved with a checkpoint. `cursor` is the position to continue from: a number, an id, a page token.
    # `accumulated` is the result so far.
    class Progress
      attr_accessor :cursor, :items_processed, :accumulated

      # The progress of the previous run. Without one, begins with `accumulated` at `start`, or at the start of the worker's slice, or
      # at 0. A block reads the accumulated value that was saved.
      def self.resume(context, accumulated, start: nil)
        saved = context.checkpoint
        unless saved
          start ||= context.cursor.is_a?(Hash) ? context.cursor.fetch("start", 0) : 0
          return new(start, 0, accumulated)
        end
        known = saved["accumulated"]
        new(saved["cursor"], saved["items_processed"], block_given? ? yield(known) : known)
      end

      def initialize(cursor, items_processed, accumulated)
        @cursor, @items_processed, @accumulated = cursor, items_processed, accumulated
      end

      # Records `items` more processed items and the position to continue from.
      def advance(cursor, items)
        @cursor = cursor
        @items_processed += items
      end

      # Saves the progress and runs the handler again as the same attempt.
      def checkpoint = Outcome::Checkpoint.new(to_h)

      def to_h = { cursor: cursor, items_processed: items_processed, accumulated: accumulated }
    end
  end
end
