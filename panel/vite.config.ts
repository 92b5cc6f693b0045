import { defineConfig, type Plugin } from "vite";

/** A page opened from disk (CEP) may not load modules: the one bundle becomes a classic script that runs after parsing. */
const classicScript: Plugin = {
  name: "classic-script",
  enforce: "post",
  transformIndexHtml: (html) =>
    html
      .replace(/<script type="module" crossorigin/g, "<script defer")
      .replace(/<link rel="stylesheet" crossorigin/g, '<link rel="stylesheet"'),
};

/** Relative paths, one bundle, and nothing newer than Chrome 88 (CEP 11). */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  plugins: [classicScript],
  build: {
    target: "chrome88",
    cssTarget: "chrome88",
    outDir: "dist",
    emptyOutDir: true,
    modulePreload: false,
    cssCodeSplit: false,
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { output: { format: "iife" } },
  },
});
