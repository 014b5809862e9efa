package tasker

// The services of the host: progress, cancellation, secrets, logs.

import (
	"errors"
	"unsafe"
)

//go:wasmimport tasker:handler/execution@1.0.0 heartbeat
func heartbeat(has uint32, progress string)

//go:wasmimport tasker:handler/execution@1.0.0 cancelled
func cancelled() uint32

//go:wasmimport tasker:handler/execution@1.0.0 remaining-time-ms
func remainingTimeMS() uint64

//go:wasmimport wasi:config/store@0.2.0-rc.1 get
func configGet(key string, result unsafe.Pointer)

type wasiHost struct{}

func (wasiHost) Heartbeat(progress *string) {
	if progress == nil {
		heartbeat(0, "")
		return
	}
	heartbeat(1, valid(*progress))
}

func (wasiHost) Cancelled() bool         { return cancelled() != 0 }
func (wasiHost) RemainingTimeMS() uint64 { return remainingTimeMS() }

func (wasiHost) Secret(name string) (*string, error) {
	result := new(area)
	configGet(valid(name), result.at())
	if result.byte(0) != 0 {
		return nil, errors.New(result.text(8))
	}
	if result.byte(4) == 0 {
		return nil, nil
	}
	value := result.text(8)
	return &value, nil
}
