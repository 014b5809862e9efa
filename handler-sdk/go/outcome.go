package tasker

import "reflect"

// None is the input of handlers that read none, and the result of handlers that have none.
type None struct{}

// Outcome is what a handler returns that may do more than complete its step. R is the type of its result.
type Outcome[R any] struct {
	kind    string
	result  any
	steps   []string
	cursors []any
}

// Complete completes the step with a result, as a plain result does.
func Complete[R any](result R) Outcome[R] {
	return Outcome[R]{kind: kindComplete, result: result}
}

// Branch is for decision steps only: the step is complete, and these steps run next. None follow if there are none.
func Branch[R any](steps []string, result R) Outcome[R] {
	return Outcome[R]{kind: kindBranch, result: result, steps: steps}
}

// Batch is for batchable steps only: the step is complete, and a worker is created for each cursor. Without cursors, one
// placeholder worker runs.
func Batch[C, R any](cursors []C, result R) Outcome[R] {
	all := make([]any, len(cursors))
	for index, cursor := range cursors {
		all[index] = cursor
	}
	return Outcome[R]{kind: kindBatch, result: result, cursors: all}
}

// Checkpoint saves a value and runs the handler again as the same attempt. It finds the value with [Checkpointed].
func Checkpoint[R any](value any) Outcome[R] {
	return Outcome[R]{kind: kindCheckpoint, result: value}
}

const (
	kindComplete   = "complete"
	kindBranch     = "branch"
	kindBatch      = "batch"
	kindCheckpoint = "checkpoint"
)

// Answer is an outcome as it leaves the component: documents are JSON texts.
type Answer struct {
	// Kind is complete, branch, batch or checkpoint.
	Kind string
	// Result is the result, or the value of the checkpoint.
	Result string
	// Steps are those that a branch selects.
	Steps []string
	// Cursors are those of a batch.
	Cursors []string
}

// answered is implemented by outcomes.
type answered interface {
	answer() (Answer, error)
	// resultType is the type of the result.
	resultType() reflect.Type
}

func (o Outcome[R]) resultType() reflect.Type { return reflect.TypeFor[R]() }

func (o Outcome[R]) answer() (Answer, error) {
	kind := o.kind
	if kind == "" {
		kind = kindComplete
	}
	result, err := written(o.result)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Kind: kind, Result: result, Steps: o.steps}
	for _, cursor := range o.cursors {
		text, err := written(cursor)
		if err != nil {
			return Answer{}, err
		}
		answer.Cursors = append(answer.Cursors, text)
	}
	return answer, nil
}

// answerOf converts what a handler returns.
func answerOf(result any) (Answer, error) {
	if outcome, ok := result.(answered); ok {
		return outcome.answer()
	}
	if _, ok := result.(None); ok {
		return Answer{Kind: kindComplete, Result: "null"}, nil
	}
	text, err := written(result)
	return Answer{Kind: kindComplete, Result: text}, err
}

func written(value any) (string, error) {
	text, err := marshal(value)
	if err != nil {
		return "", Permanent("ResultNotSerializable", "the result cannot be serialized: %w", err)
	}
	return text, nil
}
