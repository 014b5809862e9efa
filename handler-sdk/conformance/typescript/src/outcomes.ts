// What a handler can return.

import { handler, Outcome, Progress, ranges, split, sumCounts } from "tasker-handler";
import * as z from "zod";

handler("branch", { description: "Selects the steps of its input.", input: z.object({ steps: z.array(z.string()), result: z.unknown() }) }, (_ctx, { steps, result }) =>
  Outcome.branch(steps, result),
);

handler("batch", { description: "Creates a worker for each cursor of its input.", input: z.object({ cursors: z.array(z.unknown()), result: z.unknown() }) }, (_ctx, { cursors, result }) =>
  Outcome.batch(cursors, result),
);

const Split = z.object({ total: z.int(), size: z.int(), workers: z.int() });

handler("split", { description: "Splits work by size and by the number of workers.", input: Split }, (_ctx, { total, size, workers }) =>
  Outcome.batch(ranges(total, size), split(total, workers)),
);

handler("checkpoint", { description: "Saves its input." }, (_ctx, input) => Outcome.checkpoint(input));

handler("resumed", { description: "Returns the checkpoint and the cursor; null where there is none." }, (ctx) => [ctx.checkpoint() ?? null, ctx.cursor() ?? null]);

handler("rows", { description: "Processes its slice, 10 rows a run, and counts them." }, (ctx) => {
  const slice = ctx.slice();
  const progress = Progress.resume(ctx, sumCounts([]));
  const end = Math.min(slice.end, progress.cursor + 10);
  const count = end - progress.cursor;
  progress.accumulated = sumCounts([progress.accumulated, { processed: count, succeeded: count }]);
  progress.advance(end, count);
  return end < slice.end ? progress.checkpoint() : progress.accumulated;
});

const Counts = z.object({ processed: z.int(), succeeded: z.int(), failed: z.int(), skipped: z.int() }).partial();

handler("sum_up", { description: "Adds up the results of the workers of `rows`." }, (ctx) => sumCounts(ctx.workerResults("rows", Counts).map(({ result }) => result)));
