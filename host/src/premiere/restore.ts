/**
 * Runs `work`, then everything it asked to be done later, newest first, whatever happened: an editor's project is left as it
 * was found. One restorer that fails does not stop the others.
 */
export function withRestored<Data>(work: (later: (restore: () => void) => void) => Data): Data {
  const restorers: (() => void)[] = [];
  try {
    return work((restore) => {
      restorers.push(restore);
    });
  } finally {
    while (restorers.length > 0) {
      const restore = restorers.pop() as () => void;
      try {
        restore();
      } catch (_error) {
        // the caller reads back what matters
      }
    }
  }
}
