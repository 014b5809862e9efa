package tasker

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Failure says why a handler failed. It is an error: handlers return it, wrapped or not, and errors.As finds it. Any other error
// is retryable.
type Failure struct {
	// Type is a short stable name, for people and alerts, such as "CardDeclined".
	Type string
	// Message says what happened, for people.
	Message string
	// Retryable is whether another attempt may succeed.
	Retryable bool
	// RetryAfter is the minimum wait before the next attempt, instead of the template's backoff. Nil: the backoff applies.
	RetryAfter *time.Duration
	// Details are for debugging: any value that can be JSON. What cannot is dropped.
	Details any
	cause   error
}

// Permanent is a failure that every attempt would have. The message is formatted as by fmt.Errorf, with %w for the cause.
func Permanent(kind, format string, arguments ...any) *Failure {
	return failure(kind, false, format, arguments)
}

// Retryable is a failure that another attempt may not have. The message is formatted as by fmt.Errorf, with %w for the cause.
func Retryable(kind, format string, arguments ...any) *Failure {
	return failure(kind, true, format, arguments)
}

func failure(kind string, retryable bool, format string, arguments []any) *Failure {
	if len(arguments) == 0 {
		// A message that is no format may contain a percent sign.
		return &Failure{Type: kind, Message: format, Retryable: retryable}
	}
	err := fmt.Errorf(format, arguments...)
	return &Failure{Type: kind, Message: err.Error(), Retryable: retryable, cause: err}
}

// After sets the minimum wait before the next attempt.
func (f *Failure) After(wait time.Duration) *Failure {
	f.RetryAfter = &wait
	return f
}

// With sets the details.
func (f *Failure) With(details any) *Failure {
	f.Details = details
	return f
}

func (f *Failure) Error() string { return f.Message }

// Unwrap returns what the message was made of.
func (f *Failure) Unwrap() error { return f.cause }

// failureOf converts an error to a failure: the one in its chain, with the whole message, else a retryable one, because most
// errors of a step are temporary.
func failureOf(err error) *Failure {
	var found *Failure
	if errors.As(err, &found) && found != nil {
		whole := *found
		whole.Message = err.Error()
		return &whole
	}
	return &Failure{Type: nameOf(err), Message: messageOf(err), Retryable: true}
}

func messageOf(err error) string {
	if message := err.Error(); message != "" {
		return message
	}
	return nameOf(err)
}

// nameOf is the name of the first type in the chain of an error that says more than that it wraps another.
func nameOf(err error) string {
	for ; err != nil; err = errors.Unwrap(err) {
		kind := reflect.TypeOf(err)
		if kind.Kind() == reflect.Pointer {
			kind = kind.Elem()
		}
		if kind.PkgPath() != "fmt" && kind.PkgPath() != "errors" && kind.Name() != "" {
			return kind.Name()
		}
	}
	return "Error"
}

// panicked converts the value of a panic to a failure, whose stack begins with the line of the user that panicked. It must be
// called by the deferred function.
func panicked(value any) *Failure {
	failed := &Failure{Type: "Panic", Message: fmt.Sprint(value), Retryable: true}
	if err, ok := value.(error); ok {
		failed = failureOf(err)
	}
	if failed.Details == nil {
		failed.Details = map[string]string{"stack": stack()}
	}
	return failed
}

// stack lists the callers below the runtime's part of a panic, without those of the SDK.
func stack() string {
	var lines []string
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	panicking := false
	for {
		frame, more := frames.Next()
		isRuntime := strings.HasPrefix(frame.Function, "runtime.")
		isSDK := strings.HasPrefix(frame.Function, "tasker-handler.")
		if panicking && !isRuntime && !isSDK {
			lines = append(lines, frame.Function+"\n\t"+frame.File+":"+strconv.Itoa(frame.Line))
		}
		panicking = panicking || isRuntime
		if !more {
			return strings.Join(lines, "\n")
		}
	}
}
