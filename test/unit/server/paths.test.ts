import { expect, test } from "vitest";
import { isHostileOnWindows } from "../../../local-server/src/server/paths.ts";

test.each([
  "C:\\clips\\a.mp4",
  "d:/clips/a b.mov",
  "C:\\clips\\..\\a.mp4",
  "C:\\clips\\console.mp4",
  "C:\\clips\\com10.mp4",
  "C:\\clips\\ünï😀.mp4",
])("%s is a plain path on Windows", (path) => expect(isHostileOnWindows(path)).toBe(false));

test.each([
  "\\\\host\\share\\a.mp4",
  "//host/share/a.mp4",
  "\\\\?\\C:\\a.mp4",
  "\\\\.\\pipe\\x",
  "\\clips\\a.mp4",
  "/windows/win.ini",
  "C:a.mp4",
  "C:\\a.mp4:stream",
  "C:\\a.mp4::$DATA",
  "C:\\CON",
  "C:\\clips\\nul.mp4",
  "C:\\com1\\a.mp4",
  "C:\\clips\\LPT9.txt",
  "C:\\clips\\a.mp4.",
  "C:\\clips \\a.mp4",
  "C:\\clips\\a.mp4 ",
])("%s is none", (path) => expect(isHostileOnWindows(path)).toBe(true));
