/** The last few results of an expensive step, by everything that they depend on; the one longest unused goes first. */
export interface Memory<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

/** All of them, so that all can be forgotten. */
const memories: Map<string, unknown>[] = [];

/** For measuring: the next job does all of its work. */
export function forgetAll(): void {
  for (const kept of memories) kept.clear();
}

export function createMemory<T>(most: number): Memory<T> {
  const kept = new Map<string, T>();
  memories.push(kept);
  const touch = (key: string, value: T) => {
    kept.delete(key);
    kept.set(key, value);
  };
  return {
    get(key) {
      const value = kept.get(key);
      if (value !== undefined) touch(key, value);
      return value;
    },
    set(key, value) {
      touch(key, value);
      if (kept.size > most) kept.delete(kept.keys().next().value!);
    },
  };
}
