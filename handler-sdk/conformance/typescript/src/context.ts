// Handlers that read the context of their step.

import { handler } from "tasker-handler";
import * as z from "zod";

const Key = z.object({ key: z.string() });

handler("facts", { description: "Returns the facts about the step." }, (ctx) => ({
  task_id: ctx.taskId,
  namespace: ctx.namespace,
  task_name: ctx.taskName,
  task_version: ctx.taskVersion,
  step_name: ctx.stepName,
  attempt: ctx.attempt,
  max_attempts: ctx.maxAttempts,
  is_last_attempt: ctx.isLastAttempt,
  correlation_id: ctx.correlationId,
  trace_parent: ctx.traceParent ?? null,
  idempotency_key: ctx.idempotencyKey,
}));

handler("dependency", { description: "Returns the result of a dependency, and the names of all.", input: z.object({ step: z.string() }) }, (ctx, { step }) => ({
  result: ctx.dependency(step),
  names: ctx.dependencyNames,
}));

const Priced = z.object({ total_cents: z.int().min(0) });

handler("dependency_typed", { description: "Returns the price in the result of the dependency `price`." }, (ctx) => ctx.dependency("price", Priced).total_cents);

handler("configuration", { description: "Returns the whole configuration." }, (ctx) => ctx.configuration());

handler("config", { description: "Returns one key of the configuration, which must be a text.", input: Key }, (ctx, { key }) => ctx.config(key, z.string()));

handler("secret", { description: "Returns a secret.", input: Key }, (ctx, { key }) => ctx.secret(key));

handler("attribute", { description: "Returns an attribute; null if the host does not provide it.", input: Key }, (ctx, { key }) => ctx.attribute(key) ?? null);

handler("batch_facts", { description: "Returns the batch of a worker; null in other steps." }, (ctx) => {
  const batch = ctx.batch();
  return batch === undefined
    ? null
    : { batch_step: batch.batchStep, worker_number: batch.workerNumber, total_workers: batch.totalWorkers, is_no_op: batch.isNoOp };
});
