import type { Request, Response } from "express";
import type { z } from "zod";
import type { ErrorCode } from "../../protocol/index.ts";
import type { Key } from "./access.ts";
import type { Context } from "./context.ts";

/** What an answer holds, for the document of the interface. */
export interface Answer {
  readonly says: string;
  /** JSON of this shape; absent: `type`, or nothing. */
  readonly schema?: z.ZodType;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Asked<Body, Query> {
  readonly request: Request;
  readonly response: Response;
  readonly context: Context;
  readonly key: Key;
  readonly body: Body;
  readonly query: Query;
  /** The part of the path in braces. */
  readonly id: string;
}

/** One way in: how it is asked for, what it answers, and what does it. The server and its OpenAPI document are made of these. */
export interface Route<Body = unknown, Query = unknown> {
  readonly method: "get" | "post" | "patch" | "delete";
  /** As OpenAPI writes it, e.g. `/v1/jobs/{id}`. */
  readonly path: string;
  readonly name: string;
  readonly says: string;
  readonly query?: z.ZodObject;
  /** JSON. */
  readonly body?: z.ZodType;
  /** Any bytes, read by the route itself. */
  readonly bytes?: readonly string[];
  readonly headers?: Readonly<Record<string, { readonly says: string; readonly needed: boolean }>>;
  readonly answers: Readonly<Record<number, Answer>>;
  readonly refusals: readonly ErrorCode[];
  handle(asked: Asked<Body, Query>): Promise<void>;
}

/** Gives `handle` the types of the schemas beside it. */
export const route = <Body extends z.ZodType = z.ZodUnknown, Query extends z.ZodObject = z.ZodObject>(
  one: Omit<Route<z.output<Body>, z.output<Query>>, "body" | "query"> & {
    readonly body?: Body;
    readonly query?: Query;
  },
): Route => one as unknown as Route;
