package main

// What a handler can return.

import "tasker-handler"

func init() {
	tasker.Handle("branch", branch).Doc("Selects the steps of its input.")
	tasker.Handle("batch", batch).Doc("Creates a worker for each cursor of its input.")
	tasker.Handle("split", split).Doc("Splits work by size and by the number of workers.")
	tasker.Handle("checkpoint", checkpoint).Doc("Saves its input.")
	tasker.Handle("resumed", resumed).Doc("Returns the checkpoint and the cursor; null where there is none.")
	tasker.Handle("rows", rows).Doc("Processes its slice, 10 rows a run, and counts them.")
	tasker.Handle("sum_up", sumUp).Doc("Adds up the results of the workers of `rows`.")
}

// decision is a decision.
type decision struct {
	Steps  []string `json:"steps"`
	Result any      `json:"result,omitempty"`
}

func branch(_ *tasker.Context, decision decision) (tasker.Outcome[any], error) {
	return tasker.Branch(decision.Steps, decision.Result), nil
}

// cursors are a batch.
type cursors struct {
	Cursors []any `json:"cursors"`
	Result  any   `json:"result,omitempty"`
}

func batch(_ *tasker.Context, cursors cursors) (tasker.Outcome[any], error) {
	return tasker.Batch(cursors.Cursors, cursors.Result), nil
}

// how says how to split.
type how struct {
	Total   uint64 `json:"total"`
	Size    uint64 `json:"size"`
	Workers uint32 `json:"workers"`
}

func split(_ *tasker.Context, how how) (tasker.Outcome[[]tasker.Range], error) {
	return tasker.Batch(tasker.Ranges(how.Total, how.Size), tasker.Split(how.Total, how.Workers)), nil
}

func checkpoint(_ *tasker.Context, value any) (tasker.Outcome[any], error) {
	return tasker.Checkpoint[any](value), nil
}

func resumed(ctx *tasker.Context, _ tasker.None) ([]*any, error) {
	checkpoint, err := tasker.Checkpointed[any](ctx)
	if err != nil {
		return nil, err
	}
	cursor, err := tasker.Cursor[any](ctx)
	return []*any{checkpoint, cursor}, err
}

func rows(ctx *tasker.Context, _ tasker.None) (tasker.Outcome[tasker.Counts], error) {
	slice, err := ctx.Slice()
	if err != nil {
		return tasker.Outcome[tasker.Counts]{}, err
	}
	progress, err := tasker.Resume[tasker.Counts](ctx)
	if err != nil {
		return tasker.Outcome[tasker.Counts]{}, err
	}
	end := min(slice.End, progress.Cursor+10)
	count := end - progress.Cursor
	progress.Accumulated = progress.Accumulated.Plus(tasker.Counts{Processed: count, Succeeded: count})
	progress.Advance(end, count)
	if end < slice.End {
		return progress.Save(), nil
	}
	return tasker.Complete(progress.Accumulated), nil
}

func sumUp(ctx *tasker.Context, _ tasker.None) (tasker.Counts, error) {
	results, err := tasker.WorkerResults[tasker.Counts](ctx, "rows")
	total := tasker.Counts{}
	for _, worker := range results {
		total = total.Plus(worker.Result)
	}
	return total, err
}
