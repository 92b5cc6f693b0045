import type { CepDoor } from "./door.ts";

/** Key codes as the two systems count them; Premiere takes every key that is not asked for. [Windows, macOS] */
const CODES: Readonly<Record<string, readonly [number, number]>> = {
  a: [65, 0],
  e: [69, 14],
  g: [71, 5],
  h: [72, 4],
  i: [73, 34],
  j: [74, 38],
  k: [75, 40],
  l: [76, 37],
  o: [79, 31],
  r: [82, 15],
  x: [88, 7],
  y: [89, 16],
  z: [90, 6],
  c: [67, 8],
  v: [86, 9],
  "1": [49, 18],
  "2": [50, 19],
  "3": [51, 20],
  "4": [52, 21],
  "5": [53, 23],
  "6": [54, 22],
  "7": [55, 26],
  "8": [56, 28],
  "9": [57, 25],
  "[": [219, 33],
  "]": [221, 30],
  "/": [191, 44],
  ".": [190, 47],
  " ": [32, 49],
  Enter: [13, 36],
  Escape: [27, 53],
  Tab: [9, 48],
  Backspace: [8, 51],
  Delete: [46, 117],
  ArrowLeft: [37, 123],
  ArrowRight: [39, 124],
  ArrowDown: [40, 125],
  ArrowUp: [38, 126],
};
/** With ⌘ or Ctrl: undo and redo, copy, paste, cut, all, cancel. */
const WITH_MODIFIER = ["z", "y", "c", "v", "x", "a", "."];

/** Asks Premiere for the keys of the panel while it has the focus. */
export function claimKeys(door: CepDoor, isMac: boolean): void {
  const code = (key: string): number => CODES[key]![isMac ? 1 : 0];
  const plain = Object.keys(CODES).flatMap((key) => [{ keyCode: code(key) }, { keyCode: code(key), shiftKey: true }]);
  const modifier = isMac ? { metaKey: true } : { ctrlKey: true };
  const held = WITH_MODIFIER.flatMap((key) => [
    { keyCode: code(key), ...modifier },
    { keyCode: code(key), ...modifier, shiftKey: true },
  ]);
  door.registerKeyEventsInterest(JSON.stringify([...plain, ...held]));
}
