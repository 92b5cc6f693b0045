import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { UserError } from "../errors.ts";

/** Someone who may use the server: the launch token is called "launch", others as the keys file says. */
export interface Key {
  readonly name: string;
  readonly secret: string;
}

export const newToken = (): string => randomBytes(32).toString("base64url");

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
/** Equal or not, in the same time whatever was given. */
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b));
const hmac = (secret: string, text: string): string => createHmac("sha256", secret).update(text).digest("hex");

export interface Access {
  /** Whose key an `Authorization` header holds. @throws UserError unauthorized, too_many */
  bearer(header: string | undefined, address: string): Key;
  /** Whose key proves `auth` = HMAC(key, "c" + challenge). @throws UserError unauthorized, too_many */
  proven(challenge: string, auth: string, address: string): Key;
}

/** The server's own proof: HMAC(key, "s" + the client's nonce). */
export const proofOf = ({ secret }: Key, clientNonce: string): string => hmac(secret, `s${clientNonce}`);

/**
 * Who is let in. Wrong keys are counted by address; past the limit an address waits out its minute. A launch token cannot be
 * guessed and everyone on this machine has one address, so there the right token always works: a web page cannot lock out the panel.
 */
export function createAccess(keys: readonly Key[], wrongPerMinute: number, locksOut: boolean): Access {
  const wrong = new Map<string, { count: number; since_ms: number }>();
  const countOf = (address: string): number => {
    const entry = wrong.get(address);
    if (!entry) return 0;
    if (performance.now() - entry.since_ms < 60_000) return entry.count;
    wrong.delete(address);
    return 0;
  };
  const fail = (address: string): never => {
    const count = countOf(address) + 1;
    if (wrong.size > 10_000) wrong.clear();
    wrong.set(address, { count, since_ms: wrong.get(address)?.since_ms ?? performance.now() });
    throw count > wrongPerMinute ? tooMany() : unauthorized("a wrong one");
  };
  const admit = (matches: (key: Key) => boolean, address: string): Key => {
    if (locksOut && countOf(address) >= wrongPerMinute) throw tooMany();
    // Every key is compared, so that the time says nothing of which.
    const found = keys.filter(matches)[0];
    return found ?? fail(address);
  };
  return {
    bearer(header, address) {
      const given = /^Bearer ([\x21-\x7e]{1,500})$/i.exec(header ?? "")?.[1];
      if (given === undefined) throw unauthorized("none");
      return admit(({ secret }) => same(given, secret), address);
    },
    proven: (challenge, auth, address) => admit(({ secret }) => same(auth, hmac(secret, `c${challenge}`)), address),
  };
}

const unauthorized = (came: string): UserError =>
  new UserError(
    "unauthorized",
    "the server's key as `Authorization: Bearer …`",
    came,
    "take it from the address that `foley serve` prints, or ask whoever runs the server",
  );
const tooMany = (): UserError =>
  new UserError("too_many", "the right key", "many wrong ones", "wait a minute, then send the right one");
