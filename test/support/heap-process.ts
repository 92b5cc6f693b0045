import { writeFileSync } from "node:fs";

/** Loaded into another process with `--import` and `--expose-gc`: on SIGUSR2 it writes how many bytes are alive there. */
process.on("SIGUSR2", () => {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  gc?.();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(process.env.FOLEY_TEST_HEAP!, String(heapUsed + external));
});
