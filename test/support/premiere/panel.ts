import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { generateRequestSchema, ticksOfString } from "../../../local-server/protocol/index.ts";
import { createCaller, type HostCaller } from "../../../panel/src/bridges/cep/caller.ts";
import type { CepDoor, NodeDoor } from "../../../panel/src/bridges/cep/door.ts";
import { createCepHost } from "../../../panel/src/bridges/cep/host.ts";
import type { HostAdapter, Media, Selection } from "../../../panel/src/bridges/host-adapter.ts";
import type { Address } from "../../../panel/src/bridges/server.ts";
import type { Clip, Take } from "../../../panel/src/state/state.ts";
import { takeRecord } from "../take-record.ts";
import { type Scene, writeWav } from "./scene.ts";
import { hostScript } from "./script.ts";

const script = hostScript();

export const node = (env: NodeDoor["process"]["env"] = process.env): NodeDoor => ({
  fs,
  path,
  os,
  childProcess: { spawn: (program, args, options) => spawn(program, args, { ...options, stdio: [...options.stdio] }) },
  process: { platform: process.platform, env },
});

/** Premiere's side of a panel: every script it was given, and whether it answers at the moment. */
export interface PremiereDoor extends CepDoor {
  readonly scripts: string[];
  /** A dialog is open: scripts wait. Closing it runs them. */
  open(): void;
  close(): void;
  /** The answer of the next script with this in it gets lost, though it runs. */
  loseAnswerOf(part: string): void;
  fire(type: string): void;
}

function premiereDoor({ engine }: Scene): PremiereDoor {
  const listeners = new Map<string, (event: { data: unknown }) => void>();
  const scripts: string[] = [];
  let waiting: (() => void)[] | null = null;
  let lost: string | null = null;
  return {
    scripts,
    open() {
      waiting = [];
    },
    close() {
      const runs = waiting ?? [];
      waiting = null;
      for (const run of runs) run();
    },
    loseAnswerOf(part) {
      lost = part;
    },
    fire: (type) => listeners.get(type)?.({ data: "" }),
    evalScript(script, callback) {
      const run = (): void => {
        scripts.push(script);
        const answer = engine.evalScript(script);
        if (lost !== null && script.includes(lost)) lost = null;
        else queueMicrotask(() => callback(answer));
      };
      if (waiting) waiting.push(run);
      else run();
    },
    getHostEnvironment: () =>
      JSON.stringify({
        appVersion: "25.6.0",
        appUILocale: "en_US",
        appSkinInfo: { panelBackgroundColor: { color: { red: 35, green: 35, blue: 35 } } },
      }),
    getSystemPath: () => "file:///extension",
    getExtensionId: () => "com.foley.editor.panel",
    addEventListener: (type, listener) => void listeners.set(type, listener),
    registerKeyEventsInterest() {},
  };
}

export interface PremierePanel {
  readonly scene: Scene;
  readonly door: PremiereDoor;
  readonly host: HostAdapter;
  readonly caller: HostCaller;
  /** What the host told last. */
  selection(): Promise<Selection>;
}

/** The panel's Premiere adapter over the double. `fileRate`: what the server says of every file. */
export function premierePanel(
  scene: Scene,
  {
    fileRate = { num: 25, den: 1 },
    launch = async (): Promise<Address> => ({ origin: "", token: "" }),
    probe,
  }: {
    readonly fileRate?: { num: number; den: number };
    readonly launch?: () => Promise<Address>;
    readonly probe?: (path: string) => Promise<Clip>;
  } = {},
): PremierePanel {
  const door = premiereDoor(scene);
  const caller = createCaller(door, async () => ({ path: "/extension/host/dist/foley.jsx", build: script.build }));
  const host = createCepHost({
    door,
    node: node(),
    caller,
    launch,
    folder: "/extension",
    onFocus: () => undefined,
    probe:
      probe ??
      (async (file) => ({
        path: file,
        sequence: null,
        name: file,
        url: null,
        urlStartSeconds: 0,
        count: { rate: fileRate, dropFrame: false, startFrame: 0 },
        duration: ticksOfString(String(3_600 * 254_016_000_000)),
      })),
  });
  return {
    scene,
    door,
    host,
    caller,
    selection: () => new Promise((settle) => host.followSelection(settle)),
  };
}

/** A take as the server makes one of what the host made readable: a real WAV as long as was asked for. */
export function takeFor({ folder }: Scene, media: Media, id = "take-1"): Take {
  const samples = Number((BigInt(media.toTicks ?? "0") - BigInt(media.fromTicks)) / 5_292_000n);
  const file = `${id}.wav`;
  return {
    id,
    jobId: `job-${id}`,
    path: writeWav(path.join(folder, file), samples),
    record: {
      ...takeRecord(),
      file,
      request: generateRequestSchema.parse({ ...media, prompt: "steps on gravel" }),
      sampleCount: samples,
      seconds: samples / 48_000,
    },
    hearted: false,
    locked: false,
    createdAt_ms: 1,
  };
}
