import type { CALLS, CallName, JobResource } from "../../protocol/index.ts";
import { UserError } from "../errors.ts";
import { openClip } from "./clips.ts";
import type { Context } from "./context.ts";
import { listSounds, readModels } from "./models.ts";

type Params<Name extends CallName> = (typeof CALLS)[Name]["params"]["_output"];
type Result<Name extends CallName> = (typeof CALLS)[Name]["result"]["_output"];

/** Calls of the socket that REST has, too; identifying and subscribing are the session's own. */
export type SharedCall = Exclude<CallName, "session.identify" | "state.subscribe">;

type Handlers = {
  readonly [Name in SharedCall]: (params: Params<Name>, owner: string, context: Context) => Promise<Result<Name>>;
};

/** One place where both ways in do the same. `owner`: whose client asks. */
const HANDLERS: Handlers = {
  "jobs.create": ({ key, request, priority }, _owner, context) => createJob(request, { key, priority }, context),
  async "jobs.cancel"({ id }, _owner, { jobs }) {
    await jobs.cancel(id);
    return {};
  },
  "takes.mark": async ({ id, hearted, locked }, _owner, { jobs }) =>
    jobs.markTake(id, {
      ...(hearted === undefined ? {} : { hearted }),
      ...(locked === undefined ? {} : { locked }),
    }),
  async "takes.remove"({ id }, _owner, { jobs }) {
    await jobs.removeTake(id);
    return {};
  },
  "clips.look": async ({ path, ...range }, _owner, { jobs, paths }) =>
    jobs.look({ ...range, path: await paths.file(path) }),
  "models.sounds": async ({ model }) => ({ sounds: await listSounds(model) }),
  "models.list": async (_params, _owner, { imports }) => readModels(imports.current),
  "models.import": (request, _owner, { imports }) => imports.start(request),
  async "models.importCancel"(_params, _owner, { imports }) {
    await imports.cancel();
    return {};
  },
  async "models.remove"({ id }, _owner, { imports }) {
    await imports.remove(id);
    return {};
  },
  "clips.open": ({ path }, owner, context) => openClip(path, owner, context),
};

export const isSharedCall = (name: string): name is SharedCall => Object.hasOwn(HANDLERS, name);

/** Runs a call whose params have been parsed by its schema. */
export const handle = <Name extends SharedCall>(
  name: Name,
  params: Params<Name>,
  owner: string,
  context: Context,
): Promise<Result<Name>> => HANDLERS[name](params, owner, context);

/** @throws UserError stopping, outside_roots and every refusal of the request */
export async function createJob(
  request: Params<"jobs.create">["request"],
  { key, priority }: { readonly key?: string | undefined; readonly priority?: number | undefined },
  { jobs, paths, stopping }: Context,
): Promise<JobResource> {
  if (stopping.aborted) {
    throw new UserError("stopping", "a server that takes work", "one that stops", "send it again in a moment");
  }
  return jobs.create(await paths.request(request), {
    ...(key === undefined ? {} : { key }),
    ...(priority === undefined ? {} : { priority }),
  });
}
