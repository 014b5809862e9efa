package main

// The services of the execution: logs, progress, cancellation, time, randomness.

import (
	"log"
	"log/slog"
	"math/rand/v2"
	"time"

	"tasker-handler"
)

func init() {
	tasker.Handle("log_levels", logLevels).Doc("Logs a line of each level, and one of two lines.")
	tasker.Handle("heartbeat", heartbeat).Doc("Reports progress.")
	tasker.Handle("until_cancelled", untilCancelled).Doc("Reports progress, and returns when the step is cancelled.")
	tasker.Handle("time_left", timeLeft).Doc("Returns whether the step is cancelled, and the time that is left, in milliseconds.")
	tasker.Handle("clock", clock).Doc("Returns the time, in milliseconds since 1970, and a random number.")
	tasker.Handle("spin", spin).Doc("Computes without end.")
}

func logLevels(*tasker.Context, tasker.None) (tasker.None, error) {
	slog.Debug("a detail")
	slog.Info("a fact")
	slog.Warn("a doubt ⚠")
	slog.Error("an error")
	log.Print("first\nsecond")
	return tasker.None{}, nil
}

func heartbeat(ctx *tasker.Context, progress string) (tasker.None, error) {
	ctx.Heartbeat(progress)
	return tasker.None{}, nil
}

func untilCancelled(ctx *tasker.Context, _ tasker.None) (string, error) {
	ctx.Heartbeat("waiting")
	for !ctx.Cancelled() {
	}
	return "stopped", nil
}

func timeLeft(ctx *tasker.Context, _ tasker.None) (map[string]any, error) {
	return map[string]any{"cancelled": ctx.Cancelled(), "milliseconds": ctx.RemainingTime().Milliseconds()}, nil
}

func clock(*tasker.Context, tasker.None) (map[string]any, error) {
	return map[string]any{"milliseconds": time.Now().UnixMilli(), "random": rand.Uint64() >> 11}, nil
}

func spin(*tasker.Context, tasker.None) (tasker.None, error) {
	for {
	}
}
