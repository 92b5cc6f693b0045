/** A process of its own that submits jobs: node fill-store-process.ts STORE COUNT. Prints "N kept", and the error that ended it. */
import { generateRequestSchema } from "../../local-server/protocol/index.ts";
import { newId, stemOf } from "../../local-server/src/jobs/names.ts";
import { openStore } from "../../local-server/src/jobs/store.ts";

const [path, count] = [process.argv[2]!, Number(process.argv[3])];
let kept = 0;
try {
  const store = openStore(path);
  const request = generateRequestSchema.parse({ prompt: "rain ".repeat(100) });
  const facts = { seconds: 1, steps: 0, kind: "test", bytesPerTake: 1 };
  for (; kept < count; kept++) {
    const id = newId();
    store.submit({ id, stem: stemOf(id, request), request, facts });
  }
  console.log(`${kept} kept`);
  store.close();
} catch (error) {
  if (kept > 0) console.log(`${kept} kept`);
  console.log((error as Error).message);
}
