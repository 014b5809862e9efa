// Requests.

import { handler } from "tasker-handler";
import * as z from "zod";

const Wanted = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.record(z.string(), z.string()).default({}),
  json: z.unknown().optional(),
  check: z.boolean().default(false),
  body: z.enum(["json", "text", "size"]),
  header: z.string().optional(),
});

handler("request", { description: "Sends the request of its input.", input: Wanted }, (ctx, { method, url, headers, json, check, body, header }) => {
  const response = ctx.http.request(method, url, json === undefined ? { headers } : { headers, json });
  if (check) response.check();
  return {
    status: response.status,
    header: (header === undefined ? undefined : response.header(header)) ?? null,
    body: body === "json" ? response.json() : body === "text" ? response.text() : response.bytes.length,
  };
});
