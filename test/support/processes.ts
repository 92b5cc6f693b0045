import { execFile } from "node:child_process";

interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

async function processTable(): Promise<Row[]> {
  const table = await new Promise<string>((settle) =>
    execFile("ps", ["-eo", "pid=,ppid=,args="], { maxBuffer: 16 << 20 }, (_error, stdout) => settle(stdout ?? "")),
  );
  return table.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line);
    return match ? [{ pid: Number(match[1]), parent: Number(match[2]), command: match[3]! }] : [];
  });
}

/** Pids of a process's children and their children, as `ps` tells (Linux and macOS; elsewhere none). */
export async function descendants(pid: number): Promise<number[]> {
  const rows = await processTable();
  const found: number[] = [];
  for (let parents = [pid]; parents.length > 0; ) {
    parents = rows.filter(({ parent }) => parents.includes(parent)).map((row) => row.pid);
    found.push(...parents);
  }
  return found;
}

const childOf = async (pid: number, script: string): Promise<number | undefined> =>
  (await processTable()).find(({ parent, command }) => parent === pid && command.includes(script))?.pid;

/** Pid of a server's engine, or undefined where none runs. */
export const engineOf = (serverPid: number): Promise<number | undefined> => childOf(serverPid, "engine/child.ts");

/** Holds a server's import still as soon as it has a process. */
export async function holdImport(serverPid: number): Promise<void> {
  let pid = await childOf(serverPid, "import/child.ts");
  while (pid === undefined) pid = await childOf(serverPid, "import/child.ts");
  process.kill(pid, "SIGSTOP");
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
