// Starts workflows through Restate's HTTP ingress and waits for their results.
import { Agent, request } from "node:http";
import { main } from "../measure.mjs";

const { PEER_INGRESS: ingress, PEER_SERVICE: service } = process.env;
const agent = new Agent({ keepAlive: true, maxSockets: 4096 });

function call(shape, n) {
  return new Promise((resolve, reject) => {
    const options = { method: "POST", agent, headers: { "content-type": "application/json" } };
    const sent = request(`${ingress}/${service}/${shape}`, options, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => (body += chunk));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(body));
        else reject(new Error(`Restate answered ${response.statusCode}: ${body}`));
      });
    });
    sent.on("error", reject);
    sent.end(JSON.stringify(n));
  });
}

await main({ run: call, close: () => agent.destroy() });
