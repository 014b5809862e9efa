package tasker

import (
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
	for _, text := range []string{`"\ud800"`, `"\ud800\u0041"`, `"\udc00"`, `1e400`, `[-1e999]`, `{} {}`, `[`, ``} {
		if value, err := read[any](text); err == nil {
			t.Errorf("%s was read as %v", text, value)
		}
	}
	for _, text := range []string{`"\ud83d\ude00"`, `"\\ud800"`, `"1e400"`, `9007199254740993`} {
		if _, err := read[any](text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}
