import type { Address } from "../server.ts";

const KEY = "foley.token";

/**
 * The page comes from the server itself; its token stands behind the `#` of the address that `foley serve` prints, where
 * no request carries it. It moves into this tab's memory and leaves the address line, so that a reload still has it.
 * @throws Error where the page was opened without it
 */
export function findInAddress(): Address {
  const hash = new URLSearchParams(location.hash.slice(1));
  const given = hash.get("token");
  if (given !== null) {
    sessionStorage.setItem(KEY, given);
    hash.delete("token");
    history.replaceState(null, "", `${location.pathname}${String(hash) ? `#${hash}` : ""}`);
  }
  const token = sessionStorage.getItem(KEY);
  if (token === null)
    throw new Error("this page was opened without its key; open the address that `foley serve` prints");
  return { origin: location.origin, token };
}

/** The clip that the address asks to open, or null. */
export const clipInAddress = (): string | null => new URLSearchParams(location.hash.slice(1)).get("clip");
