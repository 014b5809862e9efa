// The discount of an order, in TypeScript.

import { handler, PermanentFailure } from "tasker-handler";
import * as z from "zod";

const Order = z.object({ coupon: z.string().optional() });
const Price = z.object({ subtotal_cents: z.int() });
const Discounted = z.object({ discount_cents: z.int(), total_cents: z.int() });

/** Coupons, with the part of the price that each takes off, in percent. */
const COUPONS: Record<string, number> = { SPRING: 10, FRIEND: 25 };

export const discount = handler(
  "discount",
  { description: "Applies the coupon of an order.", input: Order, result: Discounted },
  (ctx, { coupon }) => {
    const { subtotal_cents } = ctx.dependency("price", Price);
    const percent = coupon === undefined ? 0 : COUPONS[coupon];
    if (percent === undefined) throw new PermanentFailure("UnknownCoupon", `there is no coupon ${coupon}`);
    const discount_cents = Math.floor((subtotal_cents * percent) / 100);
    return { discount_cents, total_cents: subtotal_cents - discount_cents };
  },
);
