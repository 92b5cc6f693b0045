import { UserError } from "../errors.ts";

/** What the weights may be used for, as their licence (Tencent Hunyuan Community License, 28 August 2025) says. */
export const LICENCE_ID = "tencent-hunyuan-community";

const EUROPEAN_UNION = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split(" ");
/** ISO 3166 codes of where the licence grants nothing. */
export const EXCLUDED_TERRITORIES = [...EUROPEAN_UNION, "GB", "KR"];

export const TERMS = `The weights come under the Tencent Hunyuan Community License. In short, and no substitute for its text, which lies
with the weights on their card ("tencent/HunyuanVideo-Foley" on Hugging Face): it grants nothing in the European Union,
the United Kingdom and South Korea; its acceptable use policy binds you; above 100 million monthly users a licence of its
own is needed; who passes the model on must pass on the licence and a notice. SigLIP 2 and CLAP are Apache-2.0.`;

/**
 * Holds what the user agreed to against the licence.
 * @throws UserError licence
 */
export function checkTerms(accepted: string | undefined, territory: string | undefined): string {
  if (accepted !== LICENCE_ID) {
    const todo = `read it, then agree with --accept-license ${LICENCE_ID} --territory CC (your country's two letters)`;
    throw new UserError("licence", `agreement to the licence ${LICENCE_ID}`, accepted ?? "none", todo);
  }
  const code = territory?.toUpperCase() ?? "";
  if (!/^[A-Z]{2}$/.test(code)) {
    const todo = "say where you use it: --territory and the two letters of the country";
    throw new UserError("licence", "a territory as two letters (ISO 3166)", territory ?? "none", todo);
  }
  // Both are in use for the same places.
  const place = code === "UK" ? "GB" : code === "EL" ? "GR" : code;
  if (EXCLUDED_TERRITORIES.includes(place)) {
    const why = "the licence grants nothing in the European Union, the United Kingdom and South Korea";
    throw new UserError("licence", "a territory that the licence covers", place, `${why}: use foley-mini there`);
  }
  return place;
}
