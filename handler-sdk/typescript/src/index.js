// Write Tasker step handlers in TypeScript or JavaScript.

export { ranges, split, Progress, sumCounts } from "./batch.js";
export { Context } from "./context.js";
export { Failure, PermanentFailure, RetryableFailure } from "./failure.js";
export { handler } from "./handler.js";
export { Outcome } from "./outcome.js";
