// The types of the template shop/everything 1.2.0. Made by `tasker generate client`: do not edit.

import type { Outcome, StartOptions, Task, Tasker } from "tasker-client";

/** Pickup */
export interface EverythingInputAddressPickup {
  shop: string;
}

/** Delivery */
export interface EverythingInputAddressDelivery {
  street: string;
}

/** A category, and what is below it. */
export interface Category {
  above?: Category;
  below: Array<Category>;
  name: string;
}

/** A position of the order. */
export interface EverythingInputItemsItem {
  amount: number;
  price?: number;
  sku: string;
}

export interface EverythingInputPayment {
  token: unknown;
}

/** The input of a task. */
export interface EverythingInput {
  address: EverythingInputAddressPickup | EverythingInputAddressDelivery;
  anything?: unknown;
  category?: Category;
  channel?: "web";
  gift?: boolean;
  items: Array<EverythingInputItemsItem>;
  labels?: Record<string, string>;
  level?: 1 | 2 | 3;
  mixed?: 1 | "auto" | null;
  /**
   * Ends a comment: *\/ and """
   * On a second line.
   */
  note: string | null;
  "order-date"?: string;
  /** The order, such as `DE-1`. */
  order_id: string;
  pair?: Array<unknown>;
  payment?: EverythingInputPayment;
  reference?: string | number | null;
  self?: string;
  /** How fast it is shipped. */
  type: "express" | "next-day" | "standard";
  undescribed: unknown;
}

/** The result of the step check. */
export interface CheckResult {
  available: boolean;
}

/** The result of the step ship-order. */
export type ShipOrderResult = "shipped" | "lost";

/** The results of the steps, by their names. A step that has not completed has none. */
export interface EverythingResults {
  /** Checks the stock. */
  check?: CheckResult;
  /** Ships it | all of it. */
  "ship-order"?: ShipOrderResult;
  bill?: unknown;
}

/** Starts a task of shop/everything. */
export function startEverything(tasker: Tasker, input: EverythingInput, options?: StartOptions): Promise<Task> {
  return tasker.start("shop/everything", input, options);
}

/** The result of the step check, once it has completed. */
export function checkResult(outcome: Outcome): Promise<CheckResult> {
  return outcome.result<CheckResult>("check");
}

/** The result of the step ship-order, once it has completed. */
export function shipOrderResult(outcome: Outcome): Promise<ShipOrderResult> {
  return outcome.result<ShipOrderResult>("ship-order");
}

/** The result of the step bill, once it has completed. */
export function billResult(outcome: Outcome): Promise<unknown> {
  return outcome.result<unknown>("bill");
}
