import { Tasker, TaskerError } from "tasker-client";

const { TASKER_URL: url = "http://127.0.0.1:8080", TASKER_API_KEY: apiKey = "" } = process.env;
const tasker = new Tasker({ url, apiKey });
try {
  const order = { order_id: "DE-1001", n: 40 };
  const task = await tasker.start("shop/order", order, { idempotencyKey: order.order_id, onDuplicate: "return" });
  const outcome = await task.wait({ seconds: 60 });
  console.log(outcome.task.status, await outcome.result("ship"));
} catch (error) {
  if (!(error instanceof TaskerError)) throw error;
  console.error(error.message, error.errors, error.requestId);
}
