// The handlers of the conformance suite, in TypeScript. `../../README.md` says what each does.

import "./context.ts";
import "./execution.ts";
import "./failures.ts";
import "./http.ts";
import "./json.ts";
import "./key_value.ts";
import "./outcomes.ts";
