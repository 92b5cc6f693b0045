/**
 * What Premiere answers, undefined where this version has no such method or it fails. Methods are called on their object only:
 * whether Premiere's own can be taken off it and `call`ed is not known.
 */
export function asked<Answer>(ask: () => Answer): Answer | undefined {
  try {
    return ask();
  } catch (_error) {
    return undefined;
  }
}
