# frozen_string_literal: true

require_relative "step_handler"

module Tasker
  # Batches with the names of Tasker Core: a mixin of step handlers.
  module Batchable
    # What a worker sees of its batch.
    Slice = Struct.new(:cursor_config, :no_op, :checkpoint) do
      def start_cursor = cursor_config[:start_cursor]
      def end_cursor = cursor_config[:end_cursor]
      def batch_id = cursor_config[:batch_id]
      def no_op? = no_op
      def has_checkpoint? = !checkpoint.nil?
      def checkpoint_cursor = checkpoint&.fetch("cursor", nil)
      def accumulated_results = checkpoint&.fetch("accumulated", nil)
      def checkpoint_items_processed = checkpoint&.fetch("items_processed", 0) || 0
    end

    module_function

    # The slices of so many items for so many workers.
    def create_cursor_configs(total_items, worker_count)
      Batch.split(total_items, worker_count).each_with_index.map do |slice, index|
        { batch_id: format("%03d", index + 1), start_cursor: slice[:start], end_cursor: slice[:end],
          batch_size: slice[:end] - slice[:start], **slice }
      end
    end

    # A worker for each slice. The template says which step is the worker.
    def create_batches_outcome(cursor_configs:, total_items: nil, metadata: {}, worker_template_name: nil, **)
      Outcome::Batch.new(cursor_configs, { worker_template_name: worker_template_name, worker_count: cursor_configs.size,
                                           total_items: total_items, **(metadata || {}) }.compact)
    end

    # Nothing is to be done.
    def no_batches_outcome(reason: nil, metadata: {}) = Outcome::Batch.new([], { reason: reason, **(metadata || {}) }.compact)

    # The slice of a worker.
    def get_batch_context(context)
      config = (context.cursor || {}).transform_keys(&:to_sym)
      config = { start_cursor: config[:start], end_cursor: config[:end] }.merge(config)
      Slice.new(config, context.batch&.no_op? || false, context.checkpoint)
    end

    # Saves the progress and runs the handler again as the same attempt.
    def checkpoint_yield(cursor:, items_processed:, accumulated_results: nil)
      Outcome::Checkpoint.new(Batch::Progress.new(cursor, items_processed, accumulated_results).to_h)
    end
  end
end
