# frozen_string_literal: true

# What a handler can return.

require "tasker"
include Tasker::Functional

Choice = Tasker.struct(steps: [String], result: { type: :any, optional: true })

step_handler "branch", input: Choice, description: "Selects the steps of its input." do |input:, context:|
  branch(input.steps, input.result)
end

Cursors = Tasker.struct(cursors: Array, result: { type: :any, optional: true })

step_handler "batch", input: Cursors, description: "Creates a worker for each cursor of its input." do |input:, context:|
  batch(input.cursors, input.result)
end

Work = Tasker.struct(total: Integer, size: Integer, workers: Integer)

step_handler "split", input: Work, description: "Splits work by size and by the number of workers." do |input:, context:|
  batch(Tasker::Batch.ranges(input.total, input.size), Tasker::Batch.split(input.total, input.workers))
end

step_handler "checkpoint", description: "Saves its input." do |context:|
  checkpoint(context.input)
end

step_handler "resumed", description: "Returns the checkpoint and the cursor; null where there is none." do |context:|
  [context.checkpoint, context.cursor]
end

# Processes its slice, 10 rows a run, and counts them.
class Rows < Tasker::StepHandler
  handler_name "rows"
  description "Processes its slice, 10 rows a run, and counts them."

  def call(context)
    slice = context.slice
    progress = Tasker::Batch::Progress.resume(context, Tasker::Batch::Counts.new) { |saved| Tasker::Batch::Counts.of(saved) }
    last = [slice.end, progress.cursor + 10].min
    count = last - progress.cursor
    progress.accumulated += Tasker::Batch::Counts.new(processed: count, succeeded: count)
    progress.advance(last, count)
    last < slice.end ? progress.checkpoint : progress.accumulated
  end
end

step_handler "sum_up", description: "Adds up the results of the workers of `rows`." do |context:|
  context.worker_results("rows").map { |_, counts| Tasker::Batch::Counts.of(counts) }.sum(Tasker::Batch::Counts.new)
end
