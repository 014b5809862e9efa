package tasker

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
)

// Handler is a registered handler.
type Handler struct {
	name, description string
	input, result     reflect.Type
	run               func(*Context) (any, error)
}

// Description is what people and tools learn of a handler.
type Description struct {
	// Name is what templates use as `callable`.
	Name string
	// Text is its purpose, in one sentence.
	Text string
	// Input is the JSON Schema of its input, Result of its result. Empty: anything, or nothing.
	Input, Result string
}

var handlers = map[string]*Handler{}

// Handle registers a handler under the name that templates use as `callable`. Call it in a function init.
//
// In is the type of the task's input: a struct, any, or [None] if it is not read. Out is the type of the result, [None], or an
// [Outcome]. Handle panics if the name is taken.
func Handle[In, Out any](name string, function func(*Context, In) (Out, error)) *Handler {
	if name == "" || handlers[name] != nil {
		panic(fmt.Sprintf("tasker.Handle: there are two handlers named %q, or none has a name", name))
	}
	handler := &Handler{name: name, input: reflect.TypeFor[In](), result: reflect.TypeFor[Out]()}
	handler.run = func(ctx *Context) (any, error) {
		input, err := Input[In](ctx)
		if err != nil {
			return nil, err
		}
		return function(ctx, input)
	}
	handlers[name] = handler
	return handler
}

// Doc says what the handler does, in one sentence.
func (h *Handler) Doc(description string) *Handler {
	h.description = description
	return h
}

// Describe returns all handlers, by name.
func Describe() []Description {
	var all []Description
	for _, name := range names() {
		handler := handlers[name]
		result := handler.result
		if outcome, ok := reflect.Zero(result).Interface().(answered); ok {
			result = outcome.resultType()
		}
		all = append(all, Description{name, handler.description, schemaText(handler.input), schemaText(result)})
	}
	return all
}

// Run runs a handler as a component does: it reads the input from JSON and writes the result as JSON. A panic is a failure.
func Run(name string, ctx *Context) (answer Answer, failed *Failure) {
	defer func() {
		if value := recover(); value != nil {
			failed = panicked(value)
		}
	}()
	handler := handlers[name]
	if handler == nil {
		message := "there is no handler `%s` in this component; it has: %s"
		return Answer{}, Permanent("UnknownHandler", message, name, strings.Join(names(), ", "))
	}
	result, err := handler.run(ctx)
	if err != nil {
		return Answer{}, failureOf(err)
	}
	answer, err = answerOf(result)
	if err != nil {
		return Answer{}, failureOf(err)
	}
	return answer, nil
}

func names() []string {
	all := make([]string, 0, len(handlers))
	for name := range handlers {
		all = append(all, name)
	}
	sort.Strings(all)
	return all
}
