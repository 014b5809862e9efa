// The services of the execution: logs, progress, cancellation, time, randomness.

import { handler } from "tasker-handler";
import * as z from "zod";

handler("log_levels", { description: "Logs a line of each level, and one of two lines." }, () => {
  console.debug("a detail");
  console.log("a fact");
  console.warn("a doubt ⚠");
  console.error("an error");
  console.info("first\nsecond");
});

handler("heartbeat", { description: "Reports progress.", input: z.string() }, (ctx, progress) => ctx.heartbeat(progress));

handler("until_cancelled", { description: "Reports progress, and returns when the step is cancelled." }, (ctx) => {
  ctx.heartbeat("waiting");
  while (!ctx.cancelled());
  return "stopped";
});

handler("time_left", { description: "Returns whether the step is cancelled, and the time that is left, in milliseconds." }, (ctx) => ({
  cancelled: ctx.cancelled(),
  milliseconds: ctx.remainingTimeMs(),
}));

handler("clock", { description: "Returns the time, in milliseconds since 1970, and a random number." }, () => ({
  milliseconds: Date.now(),
  random: Math.floor(Math.random() * 2 ** 53),
}));

handler("spin", { description: "Computes without end." }, () => {
  for (;;);
});
