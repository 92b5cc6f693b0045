import { z } from "zod";

/** Whom to name where a recording is heard whose licence asks for it. */
export const creditSchema = z.object({ author: z.string(), source: z.string(), licence: z.string() });
export type Credit = z.infer<typeof creditSchema>;

/** As it stands among the credits of a film: `AUTHOR, "SOURCE" (CC BY 3.0)`. */
export const creditLine = ({ author, source, licence }: Credit): string =>
  `${author}, "${source}" (${licence.replace(/^CC-(.+)-(\d[\d.]*)$/, "CC $1 $2")})`;
