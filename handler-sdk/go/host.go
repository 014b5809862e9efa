package tasker

import "io"

// Host is what a handler runs in: the component's host, or a simulated one of the package taskertest.
type Host interface {
	// Heartbeat reports progress; nil: only that the handler is alive.
	Heartbeat(progress *string)
	// Cancelled is whether the step was cancelled.
	Cancelled() bool
	// RemainingTimeMS is the milliseconds until the run is stopped.
	RemainingTimeMS() uint64
	// Secret returns a secret, nil if it is not granted.
	Secret(name string) (*string, error)
	// Open opens a bucket.
	Open(bucket string) (Store, error)
	// Send sends a request. The response has no body yet: the reader returns it.
	Send(request *Request) (*Response, io.Reader, error)
}

// Store is an open bucket of a host. Errors that are no failures are those of the store.
type Store interface {
	Get(key string) ([]byte, bool, error)
	// GetMany returns a nil value for a key without one.
	GetMany(keys []string) ([][]byte, error)
	Set(key string, value []byte) error
	SetMany(values []Pair) error
	Delete(keys []string) error
	Exists(key string) (bool, error)
	Keys() ([]string, error)
	Increment(key string, delta int64) (int64, error)
	// Swap replaces the value by the change of it, which is nil if there is none, until no other write comes in between.
	Swap(key string, change func(old []byte) ([]byte, error)) error
}

// Pair is a key with its value.
type Pair struct {
	Key   string
	Value []byte
}
