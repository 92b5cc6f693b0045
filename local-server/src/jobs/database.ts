import { DatabaseSync } from "node:sqlite";
import { asUserError, UserError } from "../errors.ts";

/** A version of the schema is its place in this list; each step runs once, in one transaction with its number. */
const MIGRATIONS = [
  `CREATE TABLE jobs (
     ordinal INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     seq INTEGER NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
     stem TEXT NOT NULL UNIQUE,
     request TEXT NOT NULL,
     facts TEXT NOT NULL,
     priority INTEGER NOT NULL,
     attempt INTEGER NOT NULL DEFAULT 1,
     crashes INTEGER NOT NULL DEFAULT 0,
     error TEXT,
     createdAt_ms INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX jobs_state ON jobs (state, priority DESC, ordinal);
   CREATE INDEX jobs_seq ON jobs (seq);
   CREATE TABLE takes (
     ordinal INTEGER PRIMARY KEY,
     id TEXT NOT NULL UNIQUE,
     jobId TEXT NOT NULL REFERENCES jobs (id),
     seq INTEGER NOT NULL,
     path TEXT NOT NULL UNIQUE,
     record TEXT NOT NULL,
     hearted INTEGER NOT NULL DEFAULT 0,
     locked INTEGER NOT NULL DEFAULT 0,
     createdAt_ms INTEGER NOT NULL
   ) STRICT;
   CREATE INDEX takes_job ON takes (jobId);
   CREATE INDEX takes_seq ON takes (seq);
   CREATE TABLE gone (takeId TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
   CREATE TABLE keys (
     key TEXT PRIMARY KEY,
     request TEXT NOT NULL,
     jobId TEXT NOT NULL REFERENCES jobs (id),
     createdAt_ms INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE measures (
     kind TEXT NOT NULL,
     stage TEXT NOT NULL,
     rate REAL NOT NULL,
     PRIMARY KEY (kind, stage)
   ) STRICT;
   CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;`,
] as const;

/** A server that is just going gets this long to let go of the folder. */
const BUSY_MS = 2_000;
const PLAIN_CODE = 0xff;
const [BUSY, LOCKED, READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB] = [5, 6, 8, 10, 11, 13, 14, 26];
const IOERR_WRITE = 778;

/**
 * Opens the store and keeps it for this process alone: the system's lock on the file falls with the process, however it
 * ends, so there is none to be found stale. What is committed is on the disk (write-ahead log, synchronous FULL).
 * @throws UserError in_use, damaged, disk_full
 */
export function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    database.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;`);
    const version = Number(database.prepare("PRAGMA user_version").get()!.user_version);
    if (version > MIGRATIONS.length) throw newer(path, version);
    const found = database.prepare("PRAGMA quick_check(1)").get()!.quick_check;
    if (found !== "ok") throw damaged(path, String(found));
    database.exec("BEGIN IMMEDIATE");
    for (const step of MIGRATIONS.slice(version)) database.exec(step);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`);
    return database;
  } catch (error) {
    if (database?.isOpen) database.close();
    throw storeError(error, path);
  }
}

/** Runs all of `work` or nothing of it; it is on the disk when this returns. @throws UserError disk_full, damaged; what `work` throws */
export function transaction<T>(database: DatabaseSync, path: string, work: () => T): T {
  try {
    database.exec("BEGIN IMMEDIATE");
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw storeError(error, path);
  }
}

function storeError(error: unknown, path: string): UserError {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof code !== "number") return asUserError(error);
  const message = (error as Error).message;
  const plain = code & PLAIN_CODE;
  if (plain === BUSY || plain === LOCKED) {
    const todo = "use the server that runs already, or end it, or give this one a folder of its own with FOLEY_DATA";
    return new UserError("in_use", `${path} for this server alone`, "another server that works on it", todo, {
      cause: error,
    });
  }
  if (plain === CORRUPT || plain === NOTADB) return damaged(path, message);
  if (plain === FULL || code === IOERR_WRITE) {
    const todo = "free some space; what was accepted before is kept";
    const came = plain === FULL ? "a full disk" : "a write that the disk refused";
    return new UserError("disk_full", `room for the jobs in ${path}`, came, todo, { cause: error });
  }
  if (plain === READONLY || plain === CANTOPEN) {
    return new UserError("target_not_writable", `a place to write ${path}`, message, "make its folder writable");
  }
  if (plain === IOERR) return new UserError("unreadable", `a disk that holds ${path}`, message, "check the disk");
  return asUserError(error);
}

const damaged = (path: string, came: string): UserError =>
  new UserError(
    "damaged",
    `the jobs in ${path} as they were written`,
    came,
    "put a copy of the file back, or move it away with its -wal: the takes lie beside it and are found again, marks and waiting jobs are not",
  );

const newer = (path: string, version: number): UserError =>
  new UserError(
    "damaged",
    `${path} of version ${MIGRATIONS.length} or before`,
    `version ${version}, of a newer program`,
    "start that newer program, or give this one a folder of its own with FOLEY_DATA",
  );
