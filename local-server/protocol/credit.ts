import { z } from "zod";

/** Whom to name where a recording is heard whose licence asks for it. */
export const creditSchema = z.object({ author: z.string(), source: z.string(), licence: z.string() });
export type Credit = z.infer<typeof creditSchema>;

/**
 * As they stand among the credits of a film, a line an author: `AUTHOR, "SOURCE", "SOURCE" (CC BY 3.0)`. Sources that start
 * with the same `LIBRARY: ` name it once: `"LIBRARY: FILE, FILE"`.
 */
export function creditLines(credits: readonly Credit[]): string[] {
  const lines = new Map<string, { author: string; licence: string; sources: Map<string, string> }>();
  for (const { author, source, licence } of credits) {
    const key = JSON.stringify([author, licence]);
    const line = lines.get(key) ?? { author, licence, sources: new Map() };
    const [, library = source, file = ""] = /^(.+?: )(.+)$/.exec(source) ?? [];
    const before = line.sources.get(library);
    line.sources.set(library, before === undefined ? source : `${before}, ${file}`);
    lines.set(key, line);
  }
  return [...lines.values()].map(({ author, licence, sources }) => {
    const quoted = [...sources.values()].map((source) => `"${source}"`);
    return `${[author, ...quoted].join(", ")} (${licence.replace(/^CC-(.+)-(\d[\d.]*)$/, "CC $1 $2")})`;
  });
}
