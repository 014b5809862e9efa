package tasker

import (
	"sort"
	"strconv"
	"strings"
)

// Range is a slice of the work: from Start (inclusive) to End (exclusive).
type Range struct {
	Start uint64 `json:"start"`
	End   uint64 `json:"end"`
}

// Len is the number of items.
func (r Range) Len() uint64 {
	if r.End < r.Start {
		return 0
	}
	return r.End - r.Start
}

// Ranges splits items into slices of a size; the last one has the remainder. A size of 0 counts as 1.
func Ranges(total, size uint64) []Range {
	size = max(size, 1)
	ranges := []Range{}
	for start := uint64(0); start < total; {
		end := start + min(size, total-start)
		ranges = append(ranges, Range{start, end})
		start = end
	}
	return ranges
}

// Split splits items evenly among workers. No slice is empty, and their sizes differ by at most one. If there are fewer items
// than workers, there are fewer slices.
func Split(total uint64, workers uint32) []Range {
	count := min(max(uint64(workers), 1), total)
	ranges := []Range{}
	for worker, start := uint64(0), uint64(0); worker < count; worker++ {
		end := start + total/count
		if worker < total%count {
			end++
		}
		ranges = append(ranges, Range{start, end})
		start = end
	}
	return ranges
}

// BatchInfo is the batch of a worker, as seen by that worker.
type BatchInfo struct {
	// Step is the name of the batchable step.
	Step string `json:"batch_step,omitempty"`
	// WorkerNumber is the number of this worker, from 1, and TotalWorkers how many there are.
	WorkerNumber uint32 `json:"worker_number,omitempty"`
	TotalWorkers uint32 `json:"total_workers,omitempty"`
	// Size is the number of items per worker.
	Size uint64 `json:"batch_size,omitempty"`
	// CursorField is the field that orders the items.
	CursorField string `json:"cursor_field,omitempty"`
	// FailureStrategy is what happens to the other workers when one fails for good.
	FailureStrategy string `json:"failure_strategy,omitempty"`
	// IsNoOp: the batch is empty, and this placeholder worker lets the dependent steps run.
	IsNoOp bool `json:"-"`
}

// Batch is the batch of a batch worker, nil in other steps.
func (c *Context) Batch() *BatchInfo {
	info, _ := Attribute[BatchInfo](c, "batch_metadata")
	if info != nil {
		info.IsNoOp = c.isNoOp()
	}
	return info
}

func (c *Context) isNoOp() bool {
	noOp, _ := Attribute[bool](c, "is_no_op")
	return noOp != nil && *noOp
}

// Slice is the slice of a batch worker whose cursor is a [Range]. Empty if the batch is empty. The failure is a permanent
// MissingCursor in other steps, or InvalidCursor.
func (c *Context) Slice() (Range, error) {
	slice, err := Cursor[Range](c)
	if err != nil {
		return Range{}, err
	}
	if slice != nil {
		return *slice, nil
	}
	if c.isNoOp() {
		return Range{}, nil
	}
	return Range{}, Permanent("MissingCursor", "`%s` has no slice of work: only workers of a batch have one; give the step `type: "+
		"batch_worker` in the template, and let it depend on a `batchable` step", c.StepName)
}

// Progress is that of a worker, saved with a checkpoint. C is the type of the position: a number, an id, a page token.
type Progress[T, C any] struct {
	// Cursor is the position to continue from.
	Cursor C `json:"cursor"`
	// ItemsProcessed is the number of processed items.
	ItemsProcessed uint64 `json:"items_processed"`
	// Accumulated is the result so far.
	Accumulated T `json:"accumulated"`
}

// Resume is the progress of the previous run, else the start of the worker's slice, else 0. For cursors that are no [Range], use
// [ResumeOr]. The failure is a permanent InvalidCheckpoint or InvalidCursor.
func Resume[T any](c *Context) (Progress[T, uint64], error) {
	start := uint64(0)
	if c.Facts.Checkpoint == nil {
		slice, err := Cursor[Range](c)
		if err != nil {
			return Progress[T, uint64]{}, err
		}
		if slice != nil {
			start = slice.Start
		}
	}
	return ResumeOr[T](c, start)
}

// ResumeOr is the progress of the previous run, else begins at start. The failure is a permanent InvalidCheckpoint.
func ResumeOr[T, C any](c *Context, start C) (Progress[T, C], error) {
	saved, err := Checkpointed[Progress[T, C]](c)
	if err != nil || saved == nil {
		return Progress[T, C]{Cursor: start}, err
	}
	return *saved, nil
}

// Advance records more processed items and the position to continue from.
func (p *Progress[T, C]) Advance(cursor C, items uint64) {
	p.Cursor = cursor
	p.ItemsProcessed += items
}

// Save saves the progress and runs the handler again as the same attempt.
func (p Progress[T, C]) Save() Outcome[T] { return Checkpoint[T](p) }

// Counts are item counts of a slice or of all slices.
type Counts struct {
	Processed uint64 `json:"processed,omitzero"`
	Succeeded uint64 `json:"succeeded,omitzero"`
	Failed    uint64 `json:"failed,omitzero"`
	Skipped   uint64 `json:"skipped,omitzero"`
}

// MarshalJSON writes all counts, also those that are 0 and need not be read.
func (c Counts) MarshalJSON() ([]byte, error) {
	text, err := marshal(map[string]uint64{
		"processed": c.Processed, "succeeded": c.Succeeded, "failed": c.Failed, "skipped": c.Skipped,
	})
	return []byte(text), err
}

// Plus adds counts.
func (c Counts) Plus(other Counts) Counts {
	return Counts{
		c.Processed + other.Processed, c.Succeeded + other.Succeeded, c.Failed + other.Failed, c.Skipped + other.Skipped,
	}
}

// WorkerResult is the result of a batch worker.
type WorkerResult[T any] struct {
	// Number is that of the worker, from 1.
	Number uint32
	Result T
}

// WorkerResults reads the results of a batch's workers in the order of their numbers: of the dependencies named
// `<worker>_<number>`. An isolated worker has no result. The failure is a permanent InvalidDependencyResult.
func WorkerResults[T any](c *Context, worker string) ([]WorkerResult[T], error) {
	var results []WorkerResult[T]
	for _, dependency := range c.Dependencies {
		digits, ok := strings.CutPrefix(dependency.Name, worker+"_")
		number, err := strconv.ParseUint(digits, 10, 32)
		if !ok || err != nil {
			continue
		}
		result, err := Dependency[T](c, dependency.Name)
		if err != nil {
			return nil, err
		}
		results = append(results, WorkerResult[T]{uint32(number), result})
	}
	sort.Slice(results, func(a, b int) bool { return results[a].Number < results[b].Number })
	return results, nil
}

// Number is what [Merge] adds up.
type Number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

// Merge merges the workers' tables; values with the same key are added.
func Merge[K comparable, V Number](tables ...map[K]V) map[K]V {
	merged := map[K]V{}
	for _, table := range tables {
		for key, value := range table {
			merged[key] += value
		}
	}
	return merged
}
