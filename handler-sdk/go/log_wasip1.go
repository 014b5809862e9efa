package tasker

// What a handler writes with log/slog and log goes to the step's log, with its level.

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"strings"
	"sync"
)

//go:wasmimport wasi:logging/logging@0.1.0-draft log
func hostLog(level uint32, context, message string)

func init() {
	log.SetFlags(0)
	slog.SetDefault(slog.New(newLogs()))
}

// logs is the handler of the default logger. slog's own handler of text writes the attributes.
type logs struct {
	attributes slog.Handler
	buffer     *bytes.Buffer
	lock       *sync.Mutex
}

func newLogs() logs {
	buffer := new(bytes.Buffer)
	// The line has the attributes only: time and level are the host's, the message comes before.
	options := &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(groups []string, attribute slog.Attr) slog.Attr {
		isOwn := attribute.Key == slog.TimeKey || attribute.Key == slog.LevelKey || attribute.Key == slog.MessageKey
		if len(groups) == 0 && isOwn {
			return slog.Attr{}
		}
		return attribute
	}}
	return logs{slog.NewTextHandler(buffer, options), buffer, new(sync.Mutex)}
}

func (logs) Enabled(context.Context, slog.Level) bool { return true }

func (l logs) Handle(ctx context.Context, record slog.Record) error {
	l.lock.Lock()
	defer l.lock.Unlock()
	l.buffer.Reset()
	if err := l.attributes.Handle(ctx, record); err != nil {
		return err
	}
	message := record.Message
	if attributes := strings.TrimSpace(l.buffer.String()); attributes != "" {
		message += " " + attributes
	}
	hostLog(levelOf(record.Level), "", strings.ToValidUTF8(message, "\ufffd"))
	return nil
}

func (l logs) WithAttrs(attributes []slog.Attr) slog.Handler {
	return logs{l.attributes.WithAttrs(attributes), l.buffer, l.lock}
}

func (l logs) WithGroup(name string) slog.Handler {
	return logs{l.attributes.WithGroup(name), l.buffer, l.lock}
}

// levelOf is the place of a level in the enumeration `level`.
func levelOf(level slog.Level) uint32 {
	switch {
	case level < slog.LevelDebug:
		return 0
	case level < slog.LevelInfo:
		return 1
	case level < slog.LevelWarn:
		return 2
	case level < slog.LevelError:
		return 3
	}
	return 4
}
