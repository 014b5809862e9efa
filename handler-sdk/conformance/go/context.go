package main

// Handlers that read the context of their step.

import "tasker-handler"

func init() {
	tasker.Handle("facts", facts).Doc("Returns the facts about the step.")
	tasker.Handle("dependency", dependency).Doc("Returns the result of a dependency, and the names of all.")
	tasker.Handle("dependency_typed", dependencyTyped).Doc("Returns the price in the result of the dependency `price`.")
	tasker.Handle("configuration", configuration).Doc("Returns the whole configuration.")
	tasker.Handle("config", config).Doc("Returns one key of the configuration, which must be a text.")
	tasker.Handle("secret", secret).Doc("Returns a secret.")
	tasker.Handle("attribute", attribute).Doc("Returns an attribute; null if the host does not provide it.")
	tasker.Handle("batch_facts", batchFacts).Doc("Returns the batch of a worker; null in other steps.")
}

func facts(ctx *tasker.Context, _ tasker.None) (map[string]any, error) {
	var trace any
	if ctx.TraceParent != "" {
		trace = ctx.TraceParent
	}
	return map[string]any{
		"task_id":         ctx.TaskID,
		"namespace":       ctx.Namespace,
		"task_name":       ctx.TaskName,
		"task_version":    ctx.TaskVersion,
		"step_name":       ctx.StepName,
		"attempt":         ctx.Attempt,
		"max_attempts":    ctx.MaxAttempts,
		"is_last_attempt": ctx.IsLastAttempt(),
		"correlation_id":  ctx.CorrelationID,
		"trace_parent":    trace,
		"idempotency_key": ctx.IdempotencyKey(),
	}, nil
}

// Wanted is a step to read.
type wantedStep struct {
	Step string `json:"step"`
}

func dependency(ctx *tasker.Context, wanted wantedStep) (map[string]any, error) {
	result, err := tasker.Dependency[any](ctx, wanted.Step)
	if err != nil {
		return nil, err
	}
	return map[string]any{"result": result, "names": ctx.DependencyNames()}, nil
}

func dependencyTyped(ctx *tasker.Context, _ tasker.None) (uint32, error) {
	priced, err := tasker.Dependency[struct {
		TotalCents uint32 `json:"total_cents"`
	}](ctx, "price")
	return priced.TotalCents, err
}

// key is one to read.
type key struct {
	Key string `json:"key"`
}

func configuration(ctx *tasker.Context, _ tasker.None) (any, error) {
	return tasker.Configuration[any](ctx)
}

func config(ctx *tasker.Context, wanted key) (string, error) {
	return tasker.Config[string](ctx, wanted.Key)
}

func secret(ctx *tasker.Context, wanted key) (string, error) {
	return ctx.Secret(wanted.Key)
}

func attribute(ctx *tasker.Context, wanted key) (*any, error) {
	return tasker.Attribute[any](ctx, wanted.Key)
}

func batchFacts(ctx *tasker.Context, _ tasker.None) (map[string]any, error) {
	batch := ctx.Batch()
	if batch == nil {
		return nil, nil
	}
	return map[string]any{
		"batch_step":    batch.Step,
		"worker_number": batch.WorkerNumber,
		"total_workers": batch.TotalWorkers,
		"is_no_op":      batch.IsNoOp,
	}, nil
}
