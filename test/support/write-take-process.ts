/** A process of its own that writes one take: node write-take-process.ts WAV MEGABYTES. Prints "written" or the error. */
import { UserError } from "../../local-server/src/errors.ts";
import { writeTake } from "../../local-server/src/takes/write.ts";
import { takeRecord } from "./take-record.ts";

const [wavPath, megabytes] = [process.argv[2]!, Number(process.argv[3])];
try {
  const wav = new Uint8Array(megabytes * 2 ** 20).fill(process.pid % 251);
  await writeTake({ wavPath, wav, record: takeRecord({ provider: String(process.pid) }), latents: null });
  console.log("written");
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  console.log(error.message);
  process.exitCode = error.exit;
}
