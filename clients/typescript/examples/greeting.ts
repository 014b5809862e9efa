import { Tasker } from "tasker-client";

const { TASKER_URL: url = "http://127.0.0.1:8080", TASKER_API_KEY: apiKey = "" } = process.env;
const tasker = new Tasker({ url, apiKey });
const task = await tasker.start("default/greeting", { name: "Ada" });
const outcome = await task.wait({ seconds: 60 });
console.log(await outcome.result("announce"));
