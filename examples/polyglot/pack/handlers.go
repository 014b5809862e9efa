// The boxes of an order, in Go.
package main

import "tasker-handler"

// Price is what an order costs, as the step before says.
type Price struct {
	Pieces int `json:"pieces"`
}

// Parcel is how an order is packed.
type Parcel struct {
	Boxes int `json:"boxes" doc:"The number of boxes."`
	Free  int `json:"free" doc:"The room that is left in the last box, in pieces."`
}

// piecesPerBox is how many pieces a box takes.
const piecesPerBox = 3

func init() {
	tasker.Handle("pack", pack).Doc("Decides how many boxes an order needs.")
}

func pack(ctx *tasker.Context, _ tasker.None) (Parcel, error) {
	price, err := tasker.Dependency[Price](ctx, "price")
	if err != nil {
		return Parcel{}, err
	}
	if price.Pieces < 1 {
		return Parcel{}, tasker.Permanent("NothingToPack", "the order has %d pieces", price.Pieces)
	}
	boxes := (price.Pieces + piecesPerBox - 1) / piecesPerBox
	return Parcel{Boxes: boxes, Free: boxes*piecesPerBox - price.Pieces}, nil
}

func main() {}
