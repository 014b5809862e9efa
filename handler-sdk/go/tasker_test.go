package tasker_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tasker-handler"
	"tasker-handler/taskertest"
)

type item struct {
	Cents uint32 `json:"price_cents" doc:"The price, in cents."`
	Note  string `json:"note,omitempty"`
}

type order struct {
	ID    string     `json:"id"`
	Items []item     `json:"items"`
	Until *time.Time `json:"until"`
}

func init() {
	tasker.Handle("total", total).Doc("Adds up the prices of an order.")
	tasker.Handle("panics", panics)
	tasker.Handle("counts", counts)
}

func total(_ *tasker.Context, order order) (uint32, error) {
	sum := uint32(0)
	for _, item := range order.Items {
		sum += item.Cents
	}
	return sum, nil
}

func panics(_ *tasker.Context, items []item) (tasker.None, error) {
	return tasker.None{}, fmt.Errorf("never: %d", items[3].Cents)
}

func counts(ctx *tasker.Context, _ tasker.None) (tasker.Outcome[tasker.Counts], error) {
	progress, err := tasker.Resume[tasker.Counts](ctx)
	if err != nil {
		return tasker.Outcome[tasker.Counts]{}, err
	}
	progress.Advance(progress.Cursor+1, 1)
	return progress.Save(), nil
}

func TestAMissingFieldIsNamedWithItsPlace(t *testing.T) {
	for input, place := range map[string]string{
		`{"items": []}`: "`id`", `{"id": "A", "items": [{"price_cents": 1}, {}]}`: "`items.1.price_cents`", `{"id": null, "items": []}`: "`id`",
	} {
		_, failure := tasker.Run("total", tasker.NewContext(tasker.Facts{Input: input}, nil))
		if failure == nil || failure.Type != "InvalidInput" || failure.Retryable || !strings.Contains(failure.Message, place) {
			t.Errorf("%s: %v", input, failure)
		}
	}
	ctx, _ := taskertest.Context(taskertest.Input(order{ID: "A", Items: []item{{Cents: 3}, {Cents: 4}}}))
	if answer, failure := tasker.Run("total", ctx); failure != nil || answer.Result != "7" {
		t.Error(answer, failure)
	}
}

func TestSchemasAreThoseOfTheTypes(t *testing.T) {
	for _, handler := range tasker.Describe() {
		if handler.Name != "total" {
			continue
		}
		if handler.Result != `{"minimum":0,"type":"integer"}` || handler.Text != "Adds up the prices of an order." {
			t.Error(handler)
		}
		for _, part := range []string{
			`"required":["id","items"]`, `"description":"The price, in cents."`, `"required":["price_cents"]`, `"format":"date-time"`,
		} {
			if !strings.Contains(handler.Input, part) {
				t.Errorf("%s is not in %s", part, handler.Input)
			}
		}
	}
}

func TestAPanicIsARetryableFailureWithTheLineOfTheUser(t *testing.T) {
	ctx, _ := taskertest.Context(taskertest.Input([]item{}))
	_, failure := tasker.Run("panics", ctx)
	if failure == nil || !failure.Retryable || !strings.Contains(failure.Message, "index out of range") {
		t.Fatal(failure)
	}
	stack := fmt.Sprint(failure.Details)
	if first, _, _ := strings.Cut(stack, "\n"); !strings.Contains(first, "panics") || !strings.Contains(stack, "tasker_test.go:") {
		t.Error(stack)
	}
}

func TestAFailureIsFoundInAChainAndKeepsTheWholeMessage(t *testing.T) {
	cause := errors.New("the disk is full")
	failure := tasker.Retryable("Busy", "later: %w", cause).After(time.Second)
	wrapped := fmt.Errorf("charging: %w", failure)
	var found *tasker.Failure
	if !errors.As(wrapped, &found) || !errors.Is(wrapped, cause) || *found.RetryAfter != time.Second {
		t.Error(wrapped)
	}
	if plain := tasker.Permanent("Odd", "17% off"); plain.Error() != "17% off" {
		t.Error(plain)
	}
}

func TestABatchWorkerContinuesFromItsCheckpoint(t *testing.T) {
	slice := taskertest.Cursor(tasker.Range{Start: 5, End: 9})
	ctx, _ := taskertest.Context(slice, taskertest.BatchWorker(1, 2))
	answer, failure := tasker.Run("counts", ctx)
	if failure != nil || answer.Kind != "checkpoint" || !strings.Contains(answer.Result, `"cursor":6`) {
		t.Fatal(answer, failure)
	}
	progress := tasker.Progress[tasker.Counts, uint64]{Cursor: 6, ItemsProcessed: 1}
	ctx, _ = taskertest.Context(slice, taskertest.Checkpoint(progress))
	if answer, _ = tasker.Run("counts", ctx); !strings.Contains(answer.Result, `"cursor":7,"items_processed":2`) {
		t.Error(answer)
	}
}

func TestTheHostIsSimulated(t *testing.T) {
	respond := func(request *tasker.Request) (*tasker.Response, error) {
		header := []tasker.Header{{Name: "retry-after", Value: "7"}}
		return &tasker.Response{Status: 503, Header: header, Body: []byte(request.URL)}, nil
	}
	ctx, host := taskertest.Context(taskertest.Respond(respond), taskertest.Secret("token", "s"))
	response, err := ctx.HTTP.Post("https://api.example/charges", map[string]int{"cents": 3})
	if err != nil || string(host.Requests[0].Body) != `{"cents":3}` {
		t.Fatal(err, host.Requests)
	}
	var failure *tasker.Failure
	if err := response.Check(); !errors.As(err, &failure) || !failure.Retryable || *failure.RetryAfter != 7*time.Second {
		t.Error(err)
	}
	if secret, err := ctx.Secret("token"); secret != "s" || err != nil {
		t.Error(secret, err)
	}
	bucket, err := ctx.Bucket("visits")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err = tasker.Update(bucket, "list", func(old *[]int) ([]int, error) {
			if old == nil {
				return []int{1}, nil
			}
			return append(*old, 2), nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if list, err := tasker.Get[[]int](bucket, "list"); err != nil || len(*list) != 2 {
		t.Error(list, err)
	}
}

// opens counts how often the host opens a bucket.
type opens struct {
	*taskertest.Host
	names []string
}

func (o *opens) Open(name string) (tasker.Store, error) {
	o.names = append(o.names, name)
	return o.Host.Open(name)
}

func TestABucketIsOpenedOnce(t *testing.T) {
	_, simulated := taskertest.Context()
	host := &opens{Host: simulated}
	ctx := tasker.NewContext(tasker.Facts{}, host)
	for range 3 {
		for _, name := range []string{"visits", "orders"} {
			bucket, err := ctx.Bucket(name)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := bucket.Increment(name, 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(host.names) != 2 || string(simulated.Buckets["visits"]["visits"]) != "3" {
		t.Error(host.names, simulated.Buckets)
	}
}

func TestAKeyThatIsNotInUTF8IsRefused(t *testing.T) {
	ctx, host := taskertest.Context()
	bucket, err := ctx.Bucket("visits")
	if err != nil {
		t.Fatal(err)
	}
	const key = "a\xff"
	errs := map[string]error{
		"set": bucket.Set(key, 1), "set bytes": bucket.SetBytes(key, nil), "set many": bucket.SetMany(map[string]any{"a": 1, key: 2}),
		"delete": bucket.Delete("a", key),
	}
	_, errs["get"] = tasker.Get[int](bucket, key)
	_, errs["get bytes"] = bucket.GetBytes(key)
	_, errs["get many"] = tasker.GetMany[int](bucket, "a", key)
	_, errs["exists"] = bucket.Exists(key)
	_, errs["increment"] = bucket.Increment(key, 1)
	_, errs["update"] = tasker.Update(bucket, key, func(*int) (int, error) { return 1, nil })
	for method, err := range errs {
		var failure *tasker.Failure
		if !errors.As(err, &failure) || failure.Type != "InvalidValue" || failure.Retryable || !strings.Contains(failure.Message, `"a\xff"`) {
			t.Errorf("%s: %v", method, err)
		}
	}
	if len(host.Buckets["visits"]) != 0 {
		t.Error(host.Buckets)
	}
}

func TestAnAddressThatIsNotInUTF8IsRefused(t *testing.T) {
	ctx, host := taskertest.Context()
	_, err := ctx.HTTP.Get("https://api.example/?q=\xff")
	var failure *tasker.Failure
	if !errors.As(err, &failure) || failure.Type != "InvalidRequest" || failure.Retryable || len(host.Requests) != 0 {
		t.Error(err)
	}
}
