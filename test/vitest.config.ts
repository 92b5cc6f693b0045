import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: resolve(import.meta.dirname, ".."),
  test: {
    include: ["test/**/*.test.ts"],
    // Tests run the real model and real ffmpeg: more files at once than cores only makes them time out.
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
