// The step handlers of {{name}}.

import { handler, PermanentFailure } from "tasker-handler";
import * as z from "zod";

const Guest = z.object({ name: z.string() });
const Greeting = z.object({ text: z.string() });

export const compose = handler(
  "compose",
  { description: "Composes a greeting for a guest.", input: Guest, result: Greeting },
  (_ctx, guest) => {
    if (guest.name.trim() === "") throw new PermanentFailure("NoName", "the guest has no name");
    return { text: `Hello, ${guest.name}!` };
  },
);

export const announce = handler(
  "announce",
  { description: "Announces the greeting in capitals.", result: Greeting },
  (ctx) => {
    const { text } = ctx.dependency("compose", Greeting);
    console.log("announcing", text);
    return { text: text.toUpperCase() };
  },
);
