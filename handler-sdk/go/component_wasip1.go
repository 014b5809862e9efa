package tasker

// The exports of a component: the interface `step-handler`.

import (
	"time"
	"unsafe"
)

//go:wasmexport tasker:handler/step-handler@1.0.0#describe
func describe() unsafe.Pointer {
	list := &lowered{}
	all := Describe()
	for _, handler := range all {
		list.text(handler.Name)
		list.text(handler.Text)
		list.optional(handler.Input, handler.Input != "")
		list.optional(handler.Result, handler.Result != "")
	}
	result := &lowered{words: []uint32{address(list.at()), uint32(len(all))}}
	kept = append(kept, list, result)
	return result.at()
}

// Where `handle` finds its arguments, and their size.
const argumentWords = 33

//go:wasmexport tasker:handler/step-handler@1.0.0#handle
func handle(place unsafe.Pointer) unsafe.Pointer {
	words := unsafe.Slice((*uint32)(place), argumentWords)
	text := func(index int) string { return takeText(words[index], words[index+1]) }
	optional := func(index int) *string {
		// Of a discriminant, one byte counts.
		if words[index]&0xff == 0 {
			return nil
		}
		value := text(index + 1)
		return &value
	}
	named := func(index int) []Named {
		var list []Named
		for _, element := range elements(words[index], words[index+1], 4) {
			list = append(list, Named{takeText(element[0], element[1]), takeText(element[2], element[3])})
		}
		return list
	}
	name := text(0)
	facts := Facts{
		TaskID: text(2), Namespace: text(4), TaskName: text(6), TaskVersion: text(8), StepName: text(10),
		Attempt: words[12], MaxAttempts: words[13],
		CorrelationID: text(14), Input: text(16), Configuration: text(18),
		Dependencies: named(20), Cursor: optional(22), Checkpoint: optional(25),
	}
	if trace := optional(28); trace != nil {
		facts.TraceParent = *trace
	}
	facts.Attributes = named(31)
	answer, failed := Run(name, NewContext(facts, wasiHost{}))
	return answered64(answer, failed)
}

// answered64 lowers `result<outcome, failure>`, which has 64 bytes.
func answered64(answer Answer, failed *Failure) unsafe.Pointer {
	values := &lowered{}
	result := new(area)
	words := (*[16]uint32)(result.at())
	text := func(index int, value string) {
		values.text(value)
		copy(words[index:], values.words[len(values.words)-2:])
	}
	list := func(index int, items []string) {
		lower := texts(items)
		kept = append(kept, lower)
		words[index], words[index+1] = address(lower.at()), uint32(len(items))
	}
	kept = append(kept, values, result)
	if failed != nil {
		words[0] = 1
		text(2, failed.Type)
		text(4, failed.Message)
		words[6] = option(failed.Retryable)
		if failed.RetryAfter != nil {
			words[8] = 1
			result[5] = uint64(max(*failed.RetryAfter/time.Millisecond, 0))
		}
		if failed.Details != nil {
			// The failure itself says more than that its details cannot be written.
			if details, err := marshal(failed.Details); err == nil {
				words[12] = 1
				text(13, details)
			}
		}
		return result.at()
	}
	switch answer.Kind {
	case kindComplete:
		text(3, answer.Result)
	case kindBranch:
		words[2] = 1
		list(3, answer.Steps)
		text(5, answer.Result)
	case kindBatch:
		words[2] = 2
		list(3, answer.Cursors)
		text(5, answer.Result)
	default:
		words[2] = 3
		text(3, answer.Result)
	}
	return result.at()
}
