// The step handlers of {{name}}.
package main

import (
	"log/slog"
	"strings"

	"tasker-handler"
)

// Guest is the person to greet.
type Guest struct {
	Name string `json:"name" doc:"The person's name."`
}

// Greeting is a greeting.
type Greeting struct {
	Text string `json:"text" doc:"The text of the greeting."`
}

func init() {
	tasker.Handle("compose", compose).Doc("Composes a greeting for a guest.")
	tasker.Handle("announce", announce).Doc("Announces the greeting in capitals.")
}

func compose(_ *tasker.Context, guest Guest) (Greeting, error) {
	if strings.TrimSpace(guest.Name) == "" {
		return Greeting{}, tasker.Permanent("NoName", "the guest has no name")
	}
	return Greeting{Text: "Hello, " + guest.Name + "!"}, nil
}

func announce(ctx *tasker.Context, _ tasker.None) (Greeting, error) {
	composed, err := tasker.Dependency[Greeting](ctx, "compose")
	if err != nil {
		return Greeting{}, err
	}
	slog.Info("announcing", "text", composed.Text)
	return Greeting{Text: strings.ToUpper(composed.Text)}, nil
}

// A component has no program of its own: the host calls the handlers.
func main() {}
