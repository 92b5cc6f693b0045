import { z } from "zod";

/** Whom to name where a recording is heard whose licence asks for it. */
export const creditSchema = z.object({ author: z.string(), source: z.string(), licence: z.string() });
export type Credit = z.infer<typeof creditSchema>;

/** As they stand among the credits of a film, a line an author: `AUTHOR, "SOURCE", "SOURCE" (CC BY 3.0)`. */
export function creditLines(credits: readonly Credit[]): string[] {
  const lines = new Map<string, { start: string; end: string }>();
  for (const { author, source, licence } of credits) {
    const key = JSON.stringify([author, licence]);
    const start = `${lines.get(key)?.start ?? author}, "${source}"`;
    lines.set(key, { start, end: ` (${licence.replace(/^CC-(.+)-(\d[\d.]*)$/, "CC $1 $2")})` });
  }
  return [...lines.values()].map(({ start, end }) => start + end);
}
