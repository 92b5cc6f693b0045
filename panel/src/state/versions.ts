import type { State, Take } from "./state.ts";

/** A take and all that was made of it: parts made anew, events moved. One row of the list. */
export interface Family {
  /** Of the take that it began with. */
  readonly id: string;
  /** Oldest first. */
  readonly versions: readonly Take[];
}

/** The take that this one changed, where it is still there. Takes of the command line name it by its file. */
export function parentOf(takes: readonly Take[], take: Take): Take | undefined {
  const { history, request, file } = take.record;
  if (request.basedOn !== undefined) return takes.find(({ id }) => id === request.basedOn);
  const last = history?.[history.length - 1];
  if (last === undefined) return undefined;
  const folder = take.path.slice(0, take.path.length - file.length);
  return takes.find(({ id, path }) => id !== take.id && path === folder + last.file);
}

function rootOf(takes: readonly Take[], take: Take): Take {
  const seen = new Set<string>();
  let root = take;
  for (;;) {
    seen.add(root.id);
    const parent = parentOf(takes, root);
    if (parent === undefined || seen.has(parent.id)) return root;
    root = parent;
  }
}

/** Takes by what they began as, newest beginning first. */
export function familiesOf(takes: readonly Take[]): Family[] {
  const families = new Map<string, Take[]>();
  const byAge = [...takes].sort((a, b) => a.createdAt_ms - b.createdAt_ms);
  const roots: Take[] = [];
  for (const take of byAge) {
    const root = rootOf(takes, take);
    const family = families.get(root.id);
    if (family) family.push(take);
    else {
      families.set(root.id, [take]);
      roots.push(root);
    }
  }
  return roots.sort((a, b) => b.createdAt_ms - a.createdAt_ms).map(({ id }) => ({ id, versions: families.get(id)! }));
}

/** The version of a family that is looked at: the chosen one, else the one chosen last, else the newest. */
export function shownVersion({ selectedTakeId, shown }: Pick<State, "selectedTakeId" | "shown">, family: Family): Take {
  const { versions, id } = family;
  const chosen = versions.find((take) => take.id === selectedTakeId) ?? versions.find((take) => take.id === shown[id]);
  return chosen ?? versions[versions.length - 1]!;
}

export const familyOf = (takes: readonly Take[], take: Take): Family =>
  familiesOf(takes).find(({ versions }) => versions.includes(take)) ?? { id: take.id, versions: [take] };

/** The newest version made of a take, where there is one. */
export const childOf = (takes: readonly Take[], take: Take): Take | undefined =>
  takes.filter((other) => parentOf(takes, other)?.id === take.id).sort((a, b) => b.createdAt_ms - a.createdAt_ms)[0];
