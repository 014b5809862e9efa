// JSON in and out.

import { handler } from "tasker-handler";
import * as z from "zod";

handler("echo", { description: "Returns its input." }, (_ctx, input) => input);

handler("nothing", { description: "Returns nothing." }, () => undefined);

handler("unserializable", { description: "Returns a value that JSON cannot hold." }, () => {
  const circle: Record<string, unknown> = {};
  circle.itself = circle;
  return circle;
});

handler("not_a_number", { description: "Returns a number that is none." }, () => Number.NaN);

const Order = z.object({ id: z.string(), quantity: z.int().min(0) });
const Priced = z.object({ id: z.string(), total_cents: z.int().min(0) });

handler("price", { description: "Calculates the price of an order.", input: Order, result: Priced }, (_ctx, order) => ({
  id: order.id,
  total_cents: order.quantity * 250,
}));
