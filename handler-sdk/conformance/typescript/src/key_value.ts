// Buckets.

import { type Bucket, handler, PermanentFailure } from "tasker-handler";
import * as z from "zod";

const Integer = z.union([z.number(), z.bigint()]);

const Operation = z
  .object({
    get: z.string(),
    get_many: z.array(z.string()),
    set: z.tuple([z.string(), z.unknown()]),
    set_many: z.array(z.tuple([z.string(), z.unknown()])),
    get_bytes: z.string(),
    set_bytes: z.tuple([z.string(), z.array(z.number())]),
    set_large: z.tuple([z.string(), z.number()]),
    delete: z.array(z.string()),
    exists: z.string(),
    keys: z.null(),
    increment: z.tuple([z.string(), Integer]),
    append: z.tuple([z.string(), z.unknown()]),
    refuse: z.string(),
  })
  .partial();

const Wanted = z.object({ bucket: z.string(), operations: z.array(Operation) });

handler("store", { description: "Runs the operations of its input, and returns what each returns; null if it returns nothing.", input: Wanted, inputSchema: true }, (ctx, { bucket, operations }) => {
  const opened = ctx.keyValue.open(bucket);
  return operations.map((operation) => run(opened, operation) ?? null);
});

function run(bucket: Bucket, operation: z.infer<typeof Operation>): unknown {
  if (operation.get !== undefined) return bucket.get(operation.get);
  if (operation.get_many) return bucket.getMany(operation.get_many).map((value) => value ?? null);
  if (operation.set) return bucket.set(...operation.set);
  if (operation.set_many) return bucket.setMany(operation.set_many);
  if (operation.get_bytes !== undefined) {
    const bytes = bucket.getBytes(operation.get_bytes);
    return bytes && [...bytes];
  }
  if (operation.set_bytes) return bucket.setBytes(operation.set_bytes[0], Uint8Array.from(operation.set_bytes[1]));
  if (operation.set_large) return bucket.set(operation.set_large[0], "x".repeat(operation.set_large[1]));
  if (operation.delete) return bucket.delete(...operation.delete);
  if (operation.exists !== undefined) return bucket.exists(operation.exists);
  if (operation.keys === null) return bucket.keys();
  if (operation.increment) return bucket.increment(...operation.increment);
  if (operation.append) {
    const value = operation.append[1];
    return bucket.update<unknown[]>(operation.append[0], (list) => [...(list ?? []), value]);
  }
  return bucket.update(operation.refuse ?? "", () => {
    throw new PermanentFailure("Refused", "the update is refused");
  });
}
