// The same computation as the Rust guest, with the SDK and a schema: adds up the prices of an order.

import { handler } from "tasker-handler";
import * as z from "zod";

const Order = z.object({ order: z.int(), items: z.array(z.object({ price: z.number() })) });

handler("sum", { description: "Adds up the prices of an order.", input: Order }, (_ctx, { order, items }) => ({
  order,
  total: items.reduce((sum, item) => sum + item.price, 0),
  count: items.length,
}));
