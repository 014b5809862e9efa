package tasker

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"
)

// Facts are the facts about a step. Documents are JSON texts.
type Facts struct {
	// TaskID is the task, a UUIDv7.
	TaskID string
	// Namespace, TaskName and TaskVersion are those of the task's template.
	Namespace, TaskName, TaskVersion string
	// StepName is unique in the task.
	StepName string
	// Attempt is the number of this attempt, from 1, and MaxAttempts the maximum.
	Attempt, MaxAttempts uint32
	// CorrelationID correlates the task with its cause. Pass it on to the systems that you call.
	CorrelationID string
	// Input is the task's input, Configuration the step's handler.initialization.
	Input, Configuration string
	// Dependencies are the results of the step's dependencies, in the order of the template.
	Dependencies []Named
	// Cursor is the slice of a batch worker, Checkpoint the value of the last checkpoint. Nil: there is none.
	Cursor, Checkpoint *string
	// TraceParent is the W3C trace context of the step, empty if there is none.
	TraceParent string
	// Attributes are facts of later versions.
	Attributes []Named
}

// Named is a document with its name.
type Named struct {
	Name, Value string
}

// Context is information about the step, and services of the host. Functions such as [Dependency] and [Config] read its documents
// as a type.
type Context struct {
	Facts
	// HTTP sends requests to the destinations in the template's `grants.http`.
	HTTP HTTP
	host Host
	// Open buckets by name. The host opens a limited number.
	buckets *sync.Map
}

// NewContext makes a context. The package taskertest does it for tests.
func NewContext(facts Facts, host Host) *Context {
	return &Context{Facts: facts, HTTP: HTTP{host}, host: host, buckets: new(sync.Map)}
}

// IsLastAttempt is whether a failure of this attempt is final.
func (c *Context) IsLastAttempt() bool { return c.Attempt >= c.MaxAttempts }

// IdempotencyKey is the same for every attempt of this step, for calls that must take effect only once.
func (c *Context) IdempotencyKey() string { return c.TaskID + ":" + c.StepName }

// DependencyNames are the names of the dependencies with results, in the order of the template.
func (c *Context) DependencyNames() []string {
	names := make([]string, len(c.Dependencies))
	for index, dependency := range c.Dependencies {
		names[index] = dependency.Name
	}
	return names
}

// Secret returns a secret that the template grants to this step. The failure is a permanent SecretNotGranted, or a retryable
// SecretUnavailable.
func (c *Context) Secret(name string) (string, error) {
	value, err := c.host.Secret(name)
	if err != nil {
		return "", Retryable("SecretUnavailable", "secret `%s`: %w", name, err)
	}
	if value == nil {
		return "", Permanent("SecretNotGranted", "there is no secret `%s` for this step: grant it under `grants.secrets` in the "+
			"template, and check that the host has it", name)
	}
	return *value, nil
}

// Heartbeat reports progress for people, such as "1,200 of 5,000 rows", and that the handler is alive.
func (c *Context) Heartbeat(progress string) { c.host.Heartbeat(&progress) }

// Cancelled is whether the step was cancelled or its lease was lost. If so, return: the outcome no longer counts.
func (c *Context) Cancelled() bool { return c.host.Cancelled() }

// RemainingTime is the time until the host stops this run.
func (c *Context) RemainingTime() time.Duration {
	return time.Duration(c.host.RemainingTimeMS()) * time.Millisecond
}

// Input reads the task's input. The failure is a permanent InvalidInput.
func Input[T any](c *Context) (T, error) {
	if reflect.TypeFor[T]() == reflect.TypeFor[None]() {
		return *new(T), nil
	}
	return form[T](c.Facts.Input, "InvalidInput", "the task's input")
}

// Dependency reads the result of a dependency, by step name. The failure is a permanent MissingDependency or
// InvalidDependencyResult.
func Dependency[T any](c *Context, step string) (T, error) {
	for _, dependency := range c.Dependencies {
		if dependency.Name == step {
			return form[T](dependency.Value, "InvalidDependencyResult", "the result of `"+step+"`")
		}
	}
	available := strings.Join(c.DependencyNames(), ", ")
	if available == "" {
		available = "none"
	}
	return *new(T), Permanent("MissingDependency", "there is no result of `%[1]s`; available: %[2]s. Add `%[1]s` to its dependencies "+
		"in the template, or set `ancestors: true`", step, available)
}

// Configuration reads the step's handler.initialization. The failure is a permanent InvalidConfiguration.
func Configuration[T any](c *Context) (T, error) {
	return form[T](c.Facts.Configuration, "InvalidConfiguration", "the step's handler.initialization")
}

// Config reads one key of the step's handler.initialization. The failure is a permanent InvalidConfiguration, also if the key is
// missing and T is no pointer.
func Config[T any](c *Context, key string) (T, error) {
	whole, err := Configuration[map[string]rawDocument](c)
	if err != nil {
		return *new(T), err
	}
	what := "`" + key + "` of the step's handler.initialization"
	value, ok := whole[key]
	if !ok {
		if reflect.TypeFor[T]().Kind() == reflect.Pointer {
			return *new(T), nil
		}
		return *new(T), Permanent("InvalidConfiguration", "%s is missing", what)
	}
	return form[T](string(value), "InvalidConfiguration", what)
}

// Cursor reads the cursor of a batch worker: its slice of the work. Nil in other steps. The failure is a permanent InvalidCursor.
func Cursor[T any](c *Context) (*T, error) {
	return optional[T](c.Facts.Cursor, "InvalidCursor", "the cursor")
}

// Checkpointed reads the value of the step's last checkpoint, from this or an earlier attempt. Nil if it has none. The failure is
// a permanent InvalidCheckpoint.
func Checkpointed[T any](c *Context) (*T, error) {
	return optional[T](c.Facts.Checkpoint, "InvalidCheckpoint", "the checkpoint")
}

// Attribute reads a fact that has no method here, by name. Nil if the host does not provide it. The failure is a permanent
// InvalidAttribute.
func Attribute[T any](c *Context, name string) (*T, error) {
	for _, attribute := range c.Attributes {
		if attribute.Name == name {
			return optional[T](&attribute.Value, "InvalidAttribute", "the attribute `"+name+"`")
		}
	}
	return nil, nil
}

func optional[T any](text *string, kind, what string) (*T, error) {
	if text == nil {
		return nil, nil
	}
	value, err := form[T](*text, kind, what)
	if err != nil {
		return nil, err
	}
	return &value, nil
}

func form[T any](text, kind, what string) (T, error) {
	value, err := read[T](text)
	if err != nil {
		return value, Permanent(kind, "%s does not have the expected form: %w", what, err)
	}
	return value, nil
}

// rawDocument is a document that is read later.
type rawDocument []byte

func (r *rawDocument) UnmarshalJSON(text []byte) error {
	*r = append((*r)[:0], text...)
	return nil
}

// String names the step, for logs.
func (c *Context) String() string {
	return fmt.Sprintf("step %s of task %s, attempt %d of %d", c.StepName, c.TaskID, c.Attempt, c.MaxAttempts)
}
