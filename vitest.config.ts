import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Tests run the real model and real ffmpeg: more files at once than cores only makes them time out.
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
