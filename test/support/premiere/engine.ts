import { appendFileSync } from "node:fs";
import vm from "node:vm";
import type { HostApi } from "../../../host/src/index.ts";
import { fileClasses } from "./files.ts";
import { importFiles, projectsOf, sequencesOf, wrapItem } from "./items.ts";
import { wrapSequence } from "./sequences.ts";
import { newTrack, type ProjectState, type SequenceState, type World } from "./state.ts";
import { Time } from "./time.ts";

type Script = { readonly code: string; readonly build: string };

function wrapProject(world: World, project: ProjectState): object {
  return {
    documentID: project.documentId,
    path: project.path,
    get rootItem() {
      return wrapItem(world, project.root);
    },
    get activeSequence() {
      return project.active === null ? null : wrapSequence(world, project, project.active);
    },
    get sequences() {
      return sequencesOf(project.sequences.map((sequence) => wrapSequence(world, project, sequence)));
    },
    openSequence(id: string) {
      if (!world.quirks.opensSequences) return true;
      project.active = project.sequences.find((sequence) => sequence.id === id) ?? project.active;
      world.front = project;
      world.changes.push(`open ${project.active?.name}`);
      return true;
    },
    importFiles: (paths: string[], suppressUi: unknown, bin: object, stills: unknown) =>
      importFiles(world, paths, suppressUi, bin, stills),
    createNewSequence() {
      throw new Error("opens a dialog and hangs every script: never");
    },
  };
}

/** QE: seven arguments append; fewer put the track at the top and renumber all. */
function wrapQe(world: World): object {
  const active = (): SequenceState | null => world.front?.active ?? null;
  return {
    project: {
      undoStackIndex: () => world.changes.length,
      getActiveSequence() {
        const sequence = active();
        if (sequence === null) return null;
        return {
          addTracks(...args: unknown[]) {
            const [, , audio, type, after] = args as number[];
            world.changes.push(`track (${args.length} arguments)`);
            const channels = (["mono", "standard", "5.1"] as const)[type ?? 1];
            if (audio !== 1) throw new Error("expected one audio track");
            if (world.quirks.trackAppearsAfterCalls < 0) return true;
            const track = newTrack(world, sequence, channels);
            const at = args.length < 7 || world.quirks.trackInsertedAtTop ? 0 : after;
            sequence.audio.splice(at ?? 0, 0, track);
            return true;
          },
          getAudioTrackAt: (index: number) => ({
            setName(name: string) {
              const track = sequence.audio[index];
              if (track && world.quirks.qeNamesTracks) track.name = name;
              return true;
            },
          }),
        };
      },
    },
  };
}

/** Everything that ES3 lacks goes: what is left over is what Premiere's engine has. */
const TAKE_AWAY = `(function () {
  var keep = {
    Array: "concat join pop push reverse shift slice sort splice unshift toString toLocaleString constructor length",
    String: "charAt charCodeAt concat indexOf lastIndexOf match replace search slice split substr substring toLowerCase toUpperCase toLocaleLowerCase toLocaleUpperCase localeCompare toString valueOf constructor length",
    Function: "apply call toString constructor length name arguments caller prototype",
    Object: "hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf constructor __proto__ __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__"
  };
  for (var name in keep) {
    var words = " " + keep[name] + " ";
    var names = Object.getOwnPropertyNames(globalThis[name].prototype);
    for (var i = 0; i < names.length; i++) if (words.indexOf(" " + names[i] + " ") < 0) delete globalThis[name].prototype[names[i]];
  }
  delete Array.isArray; delete Array.from; delete Array.of; delete Date.now; delete Function.prototype.bind; delete String.raw;
  var statics = Object.getOwnPropertyNames(Object);
  var globals = "Promise Map Set WeakMap WeakSet WeakRef Symbol Proxy Reflect JSON Intl BigInt ArrayBuffer SharedArrayBuffer DataView Atomics WebAssembly console escape unescape Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array BigInt64Array BigUint64Array Uint8ClampedArray AggregateError FinalizationRegistry Iterator".split(" ");
  for (var j = 0; j < globals.length; j++) delete globalThis[globals[j]];
  for (var k = 0; k < statics.length; k++) if (statics[k] !== "prototype" && statics[k] !== "length" && statics[k] !== "name") delete Object[statics[k]];
  delete Number.isFinite; delete Number.isInteger; delete Number.isNaN; delete Number.parseFloat; delete Number.parseInt;
  delete globalThis.globalThis;
})()`;

export interface Engine {
  readonly world: World;
  /** As CSInterface.evalScript: always text, and a failure is only "EvalScript error.". */
  evalScript(script: string): string;
  call<Name extends keyof HostApi>(verb: Name, argument: Parameters<HostApi[Name]>[0]): ReturnType<HostApi[Name]>;
  /** As the panel calls: NOT_YET is asked again, at most ten times. */
  callUntilThere<Name extends keyof HostApi>(
    verb: Name,
    argument: Parameters<HostApi[Name]>[0],
  ): ReturnType<HostApi[Name]>;
  /** Premiere tells its listeners. */
  fire(event: string): void;
  readonly globals: () => string[];
}

export function startEngine(world: World, { code, build }: Script): Engine {
  const qeHolder: { qe?: object } = {};
  const app = {
    version: world.version,
    get project() {
      return world.front === null ? undefined : wrapProject(world, world.front);
    },
    get projects() {
      return projectsOf(world.projects.map((project) => wrapProject(world, project)));
    },
    enableQE() {
      if (world.quirks.hasQe) qeHolder.qe = wrapQe(world);
      context.qe = qeHolder.qe;
    },
    bind(event: string, listener: () => void) {
      world.bound.set(event, [...(world.bound.get(event) ?? []), listener]);
    },
    setExtensionPersistent: () => undefined,
  };
  class CSXSEvent {
    type = "";
    data = "";
    dispatch(): void {
      world.events.push({ type: this.type, data: this.data });
    }
  }
  class ExternalObject {
    constructor(library: string) {
      if (library !== "lib:PlugPlugExternalObject") throw new Error(`no library ${library}`);
    }
  }
  const $ = {
    version: "4.5.6",
    sleep() {
      if (world.growing === null || world.growing.sleeps <= 0) return;
      world.growing.sleeps--;
      appendFileSync(world.growing.path, "more");
    },
  };
  const context: Record<string, unknown> = vm.createContext({
    app,
    $,
    Time,
    CSXSEvent,
    ExternalObject,
    ...fileClasses(world),
  });
  vm.runInContext(TAKE_AWAY, context);
  const evalScript = (script: string): string => {
    world.call++;
    try {
      return String(vm.runInContext(script, context));
    } catch {
      return "EvalScript error.";
    }
  };
  evalScript(code);
  const call: Engine["call"] = (verb, argument) => {
    const encoded = encodeURIComponent(JSON.stringify(argument));
    return JSON.parse(evalScript(`$["com.foley.editor"].call("${verb}", "${encoded}", "${build}")`));
  };
  return {
    world,
    evalScript,
    call,
    callUntilThere(verb, argument) {
      let result = call(verb, argument);
      for (let tries = 0; tries < 10 && !result.ok && result.code === "NOT_YET"; tries++) {
        result = call(verb, { ...argument, awaited: String(result.detail.awaited) });
      }
      return result;
    },
    fire: (event) => {
      for (const listener of world.bound.get(event) ?? []) listener();
    },
    globals: () => Object.getOwnPropertyNames(context),
  };
}
