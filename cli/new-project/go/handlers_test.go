package main

import (
	"errors"
	"testing"

	"tasker-handler"
	"tasker-handler/taskertest"
)

func TestAGreetingIsAnnouncedInCapitals(t *testing.T) {
	ctx, _ := taskertest.Context()
	composed, err := compose(ctx, Guest{Name: "Ada"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, _ = taskertest.Context(taskertest.Dependency("compose", composed))
	if announced, err := announce(ctx, tasker.None{}); err != nil || announced.Text != "HELLO, ADA!" {
		t.Error(announced, err)
	}
}

func TestAGuestWithoutNameIsRefused(t *testing.T) {
	ctx, _ := taskertest.Context()
	_, err := compose(ctx, Guest{Name: " "})
	var failure *tasker.Failure
	if !errors.As(err, &failure) || failure.Type != "NoName" || failure.Retryable {
		t.Error(err)
	}
}
