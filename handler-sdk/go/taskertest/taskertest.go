// Package taskertest makes contexts for ordinary tests of handlers, with a simulated host.
//
//	func TestAnOrderWithoutItemsIsRefused(t *testing.T) {
//		ctx, _ := taskertest.Context()
//		_, err := validateOrder(ctx, Order{})
//		var failure *tasker.Failure
//		if !errors.As(err, &failure) || failure.Type != "EmptyOrder" {
//			t.Fatal(err)
//		}
//	}
//
// [tasker.Run] runs a registered handler as a component does: it reads the input from JSON and writes the result as JSON.
package taskertest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
	"strconv"
	"time"

	"tasker-handler"
)

// Host is a simulated host: what it answers, and what the handler has done.
type Host struct {
	// Secrets are those that are granted, by name.
	Secrets map[string]string
	// Respond answers requests. Nothing is ever sent.
	Respond func(*tasker.Request) (*tasker.Response, error)
	// IsCancelled is what [tasker.Context.Cancelled] returns.
	IsCancelled bool
	// Remaining is the time that is left.
	Remaining time.Duration
	// Buckets are values by bucket and key, as JSON texts or other bytes. Every bucket is granted.
	Buckets map[string]map[string][]byte
	// Heartbeats and Requests are those of the handler.
	Heartbeats []string
	Requests   []*tasker.Request
}

// Option changes a context before a test.
type Option func(*tasker.Facts, *Host)

// Context makes a context. Everything has a usable default.
func Context(options ...Option) (*tasker.Context, *Host) {
	facts := tasker.Facts{
		TaskID: "018f0000-0000-7000-8000-000000000000", Namespace: "default", TaskName: "test", TaskVersion: "1.0.0",
		StepName: "test", Attempt: 1, MaxAttempts: 3, CorrelationID: "test", Input: "{}", Configuration: "{}",
	}
	host := &Host{Remaining: 30 * time.Second, Buckets: map[string]map[string][]byte{}}
	for _, option := range options {
		option(&facts, host)
	}
	return tasker.NewContext(facts, host), host
}

// Input sets the task's input, which [tasker.Run] reads.
func Input(value any) Option { return func(facts *tasker.Facts, _ *Host) { facts.Input = text(value) } }

// Configuration sets the step's handler.initialization.
func Configuration(value any) Option {
	return func(facts *tasker.Facts, _ *Host) { facts.Configuration = text(value) }
}

// Dependency adds the result of a dependency.
func Dependency(step string, result any) Option {
	return func(facts *tasker.Facts, _ *Host) {
		facts.Dependencies = append(facts.Dependencies, tasker.Named{Name: step, Value: text(result)})
	}
}

// Cursor sets the cursor of a batch worker.
func Cursor(value any) Option {
	return func(facts *tasker.Facts, _ *Host) { cursor := text(value); facts.Cursor = &cursor }
}

// Checkpoint sets the value of the last checkpoint.
func Checkpoint(value any) Option {
	return func(facts *tasker.Facts, _ *Host) { checkpoint := text(value); facts.Checkpoint = &checkpoint }
}

// Attempt sets the number of the attempt, and the maximum.
func Attempt(number, maximum uint32) Option {
	return func(facts *tasker.Facts, _ *Host) { facts.Attempt, facts.MaxAttempts = number, maximum }
}

// BatchWorker makes the step a worker of a batch.
func BatchWorker(number, total uint32) Option { return worker(number, total, false) }

// NoOp makes the step the placeholder of an empty batch.
func NoOp() Option { return worker(1, 1, true) }

func worker(number, total uint32, noOp bool) Option {
	return func(facts *tasker.Facts, _ *Host) {
		metadata := map[string]any{
			"batch_step": "batch", "worker_number": number, "total_workers": total, "batch_size": 1000, "cursor_field": "id",
			"failure_strategy": "continue_on_failure",
		}
		facts.Attributes = append(facts.Attributes,
			tasker.Named{Name: "batch_metadata", Value: text(metadata)}, tasker.Named{Name: "is_no_op", Value: text(noOp)})
	}
}

// Secret grants a secret.
func Secret(name, value string) Option {
	return func(_ *tasker.Facts, host *Host) {
		if host.Secrets == nil {
			host.Secrets = map[string]string{}
		}
		host.Secrets[name] = value
	}
}

// Respond answers requests.
func Respond(respond func(*tasker.Request) (*tasker.Response, error)) Option {
	return func(_ *tasker.Facts, host *Host) { host.Respond = respond }
}

// text is a value as JSON. A value that cannot be is a mistake of the test.
func text(value any) string {
	written, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("taskertest: %v cannot be JSON: %v", value, err))
	}
	return string(written)
}

// Heartbeat implements [tasker.Host].
func (h *Host) Heartbeat(progress *string) {
	if progress == nil {
		progress = new(string)
	}
	h.Heartbeats = append(h.Heartbeats, *progress)
}

// Cancelled implements [tasker.Host].
func (h *Host) Cancelled() bool { return h.IsCancelled }

// RemainingTimeMS implements [tasker.Host].
func (h *Host) RemainingTimeMS() uint64 { return uint64(h.Remaining.Milliseconds()) }

// Secret implements [tasker.Host].
func (h *Host) Secret(name string) (*string, error) {
	if value, ok := h.Secrets[name]; ok {
		return &value, nil
	}
	return nil, nil
}

// Send implements [tasker.Host].
func (h *Host) Send(request *tasker.Request) (*tasker.Response, io.Reader, error) {
	h.Requests = append(h.Requests, request)
	if h.Respond == nil {
		return nil, nil, tasker.Permanent("HttpUnavailable",
			"requests are only sent in a component; in tests, use taskertest.Respond")
	}
	response, err := h.Respond(request)
	if err != nil {
		return nil, nil, err
	}
	return response, bytes.NewReader(response.Body), nil
}

// Open implements [tasker.Host].
func (h *Host) Open(name string) (tasker.Store, error) {
	if h.Buckets[name] == nil {
		h.Buckets[name] = map[string][]byte{}
	}
	return bucket(h.Buckets[name]), nil
}

// bucket keeps values in memory.
type bucket map[string][]byte

func (b bucket) Get(key string) ([]byte, bool, error) {
	value, found := b[key]
	return value, found, nil
}

func (b bucket) GetMany(keys []string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for index, key := range keys {
		values[index] = b[key]
	}
	return values, nil
}

func (b bucket) Set(key string, value []byte) error {
	b[key] = bytes.Clone(value)
	return nil
}

func (b bucket) SetMany(pairs []tasker.Pair) error {
	for _, pair := range pairs {
		b[pair.Key] = bytes.Clone(pair.Value)
	}
	return nil
}

func (b bucket) Delete(keys []string) error {
	for _, key := range keys {
		delete(b, key)
	}
	return nil
}

func (b bucket) Exists(key string) (bool, error) {
	_, exists := b[key]
	return exists, nil
}

func (b bucket) Keys() ([]string, error) {
	keys := []string{}
	for key := range b {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys, nil
}

func (b bucket) Increment(key string, delta int64) (int64, error) {
	number := int64(0)
	if value, found := b[key]; found {
		var err error
		if number, err = strconv.ParseInt(string(value), 10, 64); err != nil {
			return 0, fmt.Errorf("`%s` cannot be incremented: %w", key, err)
		}
	}
	if delta > 0 && number > math.MaxInt64-delta || delta < 0 && number < math.MinInt64-delta {
		return 0, errors.New("incrementing `" + key + "` would exceed 64 bits")
	}
	b[key] = strconv.AppendInt(nil, number+delta, 10)
	return number + delta, nil
}

func (b bucket) Swap(key string, change func([]byte) ([]byte, error)) error {
	value, err := change(b[key])
	if err == nil {
		b[key] = value
	}
	return err
}
