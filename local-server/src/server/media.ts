import { randomBytes } from "node:crypto";
import { UserError } from "../errors.ts";

/** One file behind an address that cannot be guessed: for `<video>`, which sends no key. GET and HEAD only. */
interface Pass {
  readonly path: string;
  /** Whose client it was made for. */
  readonly owner: string;
  readonly since_ms: number;
}

export interface MediaPasses {
  /** Path of the address below the server's origin. The same file and owner get the same one while it works. */
  give(path: string, owner: string): string;
  /** @throws UserError not_found */
  fileOf(id: string): string;
  /** A client of this owner came or went: its addresses work while it is there, and `grace_ms` after. */
  come(owner: string): void;
  go(owner: string): void;
}

const MOST = 2000;

export function createMediaPasses(grace_ms: number, now: () => number = () => performance.now()): MediaPasses {
  const passes = new Map<string, Pass>();
  const owners = new Map<string, { here: number; left_ms: number }>();
  const works = ({ owner, since_ms }: Pass): boolean => {
    const presence = owners.get(owner);
    if (presence && presence.here > 0) return true;
    return now() - Math.max(since_ms, presence?.left_ms ?? 0) < grace_ms;
  };
  return {
    give(path, owner) {
      for (const [id, pass] of passes) {
        if (pass.path !== path || pass.owner !== owner || !works(pass)) continue;
        passes.set(id, { ...pass, since_ms: now() });
        return addressOf(id);
      }
      if (passes.size >= MOST) passes.delete(passes.keys().next().value!);
      const id = randomBytes(32).toString("base64url");
      passes.set(id, { path, owner, since_ms: now() });
      return addressOf(id);
    },
    fileOf(id) {
      const pass = passes.get(id);
      if (pass && works(pass)) return pass.path;
      throw new UserError("not_found", "a media address that still works", "another", "open the clip again");
    },
    come(owner) {
      const presence = owners.get(owner);
      owners.set(owner, { here: (presence?.here ?? 0) + 1, left_ms: now() });
    },
    go(owner) {
      const presence = owners.get(owner);
      if (presence) owners.set(owner, { here: presence.here - 1, left_ms: now() });
    },
  };
}

const addressOf = (id: string): string => `/v1/media/${id}`;
