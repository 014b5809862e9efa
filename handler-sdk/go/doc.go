// Package tasker is the SDK for step handlers in Go.
//
//	type Order struct {
//		ID    string `json:"id" doc:"Its number."`
//		Items []Item `json:"items"`
//	}
//
//	func init() {
//		tasker.Handle("validate_order", validateOrder).Doc("Checks an order and calculates its price.")
//	}
//
//	func validateOrder(ctx *tasker.Context, order Order) (Validated, error) {
//		if len(order.Items) == 0 {
//			return Validated{}, tasker.Permanent("EmptyOrder", "the order has no items")
//		}
//		...
//	}
//
//	func main() {}
//
// `tasker build` makes a component of the package main of a folder. The same functions run natively in `go test`, with contexts
// of the package taskertest.
package tasker
