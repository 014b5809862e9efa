package main

// How a handler fails.

import (
	"time"

	"tasker-handler"
)

func init() {
	tasker.Handle("fail", fail).Doc("Fails as its input says: `permanent`, `retryable` or `retry_after`.")
	tasker.Handle("throw", throw).Doc("Panics with an error that is no failure: of its own type `Broken`, with a cause if the input has one.")
}

// wantedFailure is a failure.
type wantedFailure struct {
	Kind         string `json:"kind"`
	ErrorType    string `json:"error_type"`
	Message      string `json:"message"`
	RetryAfterMS *int64 `json:"retry_after_ms"`
	Details      any    `json:"details,omitempty"`
}

func fail(_ *tasker.Context, wanted wantedFailure) (tasker.None, error) {
	failure := tasker.Retryable(wanted.ErrorType, wanted.Message)
	if wanted.Kind == "permanent" {
		failure = tasker.Permanent(wanted.ErrorType, wanted.Message)
	}
	if wanted.RetryAfterMS != nil {
		failure.After(time.Duration(*wanted.RetryAfterMS) * time.Millisecond)
	}
	return tasker.None{}, failure.With(wanted.Details)
}

// Broken is the error of some library.
type Broken struct {
	message string
	cause   error
}

func (b *Broken) Error() string {
	if b.cause == nil {
		return b.message
	}
	return b.message + ": " + b.cause.Error()
}

func (b *Broken) Unwrap() error { return b.cause }

// messages are those of an error and of its cause.
type messages struct {
	Message string  `json:"message"`
	Cause   *string `json:"cause"`
}

func throw(_ *tasker.Context, messages messages) (tasker.None, error) {
	broken := &Broken{message: messages.Message}
	if messages.Cause != nil {
		broken.cause = &Broken{message: *messages.Cause}
	}
	panic(broken) // conformance: thrown here
}
