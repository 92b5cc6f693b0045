/**
 * A server without its sockets, to be killed: node submit-jobs-process.ts DATA LOG. Submits jobs without end while the engine
 * works on them, and adds the id of each to LOG once it is accepted.
 */
import { appendFileSync } from "node:fs";
import { generateRequestSchema } from "../../local-server/protocol/index.ts";
import { openJobs } from "../../local-server/src/jobs/jobs.ts";

const [dataFolder, log] = [process.argv[2]!, process.argv[3]!];
const jobs = await openJobs({ dataFolder });
const request = generateRequestSchema.parse({ prompt: "rain", toTicks: "254016000000", takes: 2 });
for (;;) {
  const { id } = await jobs.create(request);
  appendFileSync(log, `${id}\n`);
  await new Promise((settle) => setTimeout(settle, 20));
}
