package main

// JSON in and out.

import (
	"math"

	"tasker-handler"
)

func init() {
	tasker.Handle("echo", echo).Doc("Returns its input.")
	tasker.Handle("nothing", nothing).Doc("Returns nothing.")
	tasker.Handle("unserializable", unserializable).Doc("Returns a value that JSON cannot hold.")
	tasker.Handle("not_a_number", notANumber).Doc("Returns a number that is none.")
	tasker.Handle("price", price).Doc("Calculates the price of an order.")
}

func echo(_ *tasker.Context, value any) (any, error) { return value, nil }

func nothing(*tasker.Context, tasker.None) (tasker.None, error) { return tasker.None{}, nil }

func unserializable(*tasker.Context, tasker.None) (map[string]any, error) {
	return map[string]any{"table": func() {}}, nil
}

func notANumber(*tasker.Context, tasker.None) (float64, error) { return math.NaN(), nil }

// order is an order.
type order struct {
	ID       string `json:"id" doc:"Its number."`
	Quantity uint32 `json:"quantity" doc:"How many."`
}

// priced is an order with its price.
type priced struct {
	ID         string `json:"id" doc:"The order's number."`
	TotalCents uint32 `json:"total_cents" doc:"The price, in cents."`
}

func price(_ *tasker.Context, order order) (priced, error) {
	return priced{order.ID, order.Quantity * 250}, nil
}
