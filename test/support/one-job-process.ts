/** A server without its sockets that runs one job of SECONDS of rain: node one-job-process.ts DATA SECONDS. Prints the job's end. */
import { generateRequestSchema, ticksOfSeconds } from "../../local-server/protocol/index.ts";
import { openJobs } from "../../local-server/src/jobs/jobs.ts";

const [dataFolder, seconds] = [process.argv[2]!, Number(process.argv[3])];
const jobs = await openJobs({ dataFolder });
const request = generateRequestSchema.parse({ prompt: "rain", toTicks: String(ticksOfSeconds(seconds)) });
const { id } = await jobs.create(request);
const { state, error } = await new Promise<ReturnType<typeof jobs.job>>((settle) => {
  jobs.onChange((change) => {
    if (change.type === "job" && change.job.state !== "queued" && change.job.state !== "running") settle(jobs.job(id));
  });
});
console.log(state, error?.code);
await jobs.close();
