import { useSyncExternalStore } from "react";

/** A value that tells who listens when it changes. */
export interface Store<State> {
  get(): State;
  /** Shallow merge; listeners hear of it only where a field became another. */
  set(change: Partial<State> | ((state: State) => Partial<State>)): void;
  subscribe(listener: () => void): () => void;
}

export function createStore<State extends object>(initial: State): Store<State> {
  let state = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    set(change) {
      const next = { ...state, ...(typeof change === "function" ? change(state) : change) };
      const keys = Object.keys(next) as (keyof State)[];
      if (keys.every((key) => Object.is(next[key], state[key]))) return;
      state = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What `select` picks; the component renders again when that is another value (compared by identity). */
export const useStore = <State, Picked>(store: Store<State>, select: (state: State) => Picked): Picked =>
  useSyncExternalStore(store.subscribe, () => select(store.get()));
