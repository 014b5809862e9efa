package tasker

import (
	"encoding/json"
	"testing"
	"time"
)

func TestARetryAfterIsSecondsOrADateInTheFuture(t *testing.T) {
	now := time.Date(2015, 10, 21, 7, 27, 0, 0, time.UTC)
	for value, wait := range map[string]time.Duration{
		"7": 7 * time.Second, "Wed, 21 Oct 2015 07:28:00 GMT": time.Minute, "Wed, 21 Oct 2015 07:26:00 GMT": 0, "soon": 0, "": 0, "-1": 0,
	} {
		if found := retryAfter(value, now); found != wait {
			t.Errorf("%q: %s", value, found)
		}
	}
}

func TestWhatJSONWouldChangeSilentlyIsRefused(t *testing.T) {
	for _, text := range []string{`"\ud800"`, `"\ud800\u0041"`, `"\udc00"`, `1e400`, `[-1e999]`, `{} {}`, `[`, ``, "\"\xff\"", "{\"\xc3\": 1}"} {
		if value, err := read[any](text); err == nil {
			t.Errorf("%s was read as %v", text, value)
		}
	}
	for _, text := range []string{`"\ud83d\ude00"`, `"é\ufffd"`, `"\\ud800"`, `"1e400"`, `9007199254740993`} {
		if _, err := read[any](text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestADocumentThatWritesItselfIsInUTF8(t *testing.T) {
	if text, err := marshal(json.RawMessage("\"\xff\"")); err == nil {
		t.Errorf("%q was written", text)
	}
}

func TestTablesAreMergedByAdding(t *testing.T) {
	merged := Merge(map[string]int{"a": 1, "b": 2}, nil, map[string]int{"b": 3})
	if len(merged) != 2 || merged["a"] != 1 || merged["b"] != 5 {
		t.Error(merged)
	}
}

func TestWorkIsSplitWithoutLossAndWithoutOverflow(t *testing.T) {
	const all = ^uint64(0)
	if ranges := Ranges(all, all-1); len(ranges) != 2 || ranges[1] != (Range{all - 1, all}) {
		t.Error(ranges)
	}
	if slices := Split(7, 3); len(slices) != 3 || slices[0].Len() != 3 || slices[2] != (Range{5, 7}) {
		t.Error(slices)
	}
	if slices := Split(0, 3); len(slices) != 0 {
		t.Error(slices)
	}
}
