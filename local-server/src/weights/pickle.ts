/**
 * A data-only reader of pickles, protocol 2 as torch.save writes it: the opcodes of torch's restricted unpickler, and globals
 * by allow-list. Nothing is ever called: a global is a name, a call is a name with its arguments.
 * Sources: CPython Lib/pickletools.py, torch/_weights_only_unpickler.py.
 */
export interface GlobalName {
  readonly global: string;
}
/** REDUCE of an allowed global, or a persistent id. */
export interface Call {
  readonly call: string;
  readonly args: readonly Pickled[];
}
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Pickled[]
  | Map<Pickled, Pickled>
  | GlobalName
  | Call;

const MAX_DEPTH = 64;
const MAX_MEMO = 1_000_000;

/** Thrown with what is wrong; the caller knows the file. */
export class PickleError extends Error {}

class Mark {}
const MARK = new Mark();
type Slot = Pickled | Mark;

/** Reads one pickle. `allowed` says of each global ("module name") whether it may be named. */
export function readPickle(bytes: Uint8Array, allowed: (global: string) => boolean): Pickled {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const stack: Slot[] = [];
  const memo = new Map<number, Slot>();
  let at = 0;
  const need = (count: number): number => {
    if (at + count > bytes.length) throw new PickleError("a pickle that is cut off");
    at += count;
    return at - count;
  };
  const line = (): string => {
    const end = bytes.indexOf(10, at);
    if (end < 0 || end - at > 1000) throw new PickleError("a line without an end");
    const text = new TextDecoder().decode(bytes.subarray(at, end));
    at = end + 1;
    return text;
  };
  const utf8 = (length: number): string => new TextDecoder().decode(bytes.subarray(need(length), at));
  const pop = (): Pickled => {
    const value = stack.pop();
    if (value === undefined || value instanceof Mark) throw new PickleError("a stack that runs empty");
    return value;
  };
  const top = (): Pickled => {
    const value = stack.at(-1);
    if (value === undefined || value instanceof Mark) throw new PickleError("a stack that runs empty");
    return value;
  };
  const popToMark = (): Pickled[] => {
    const from = stack.lastIndexOf(MARK);
    if (from < 0) throw new PickleError("no mark where one is needed");
    return stack.splice(from).slice(1) as Pickled[];
  };
  const put = (key: number): void => {
    if (memo.size > MAX_MEMO) throw new PickleError(`more than ${MAX_MEMO} remembered values`);
    memo.set(key, top());
  };
  const get = (key: number): void => {
    const value = memo.get(key);
    if (value === undefined) throw new PickleError(`the unknown value ${key}`);
    stack.push(value);
  };
  const long = (length: number): number | bigint => {
    if (length > 64) throw new PickleError(`a whole number of ${length} bytes`);
    const from = need(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[from + i]!);
    const signed = length > 0 ? BigInt.asIntN(8 * length, value) : 0n;
    return signed >= BigInt(Number.MIN_SAFE_INTEGER) && signed <= BigInt(Number.MAX_SAFE_INTEGER)
      ? Number(signed)
      : signed;
  };
  const setItems = (items: readonly Pickled[]): void => {
    const target = top();
    // An OrderedDict is made by a call and filled afterwards.
    const map = target instanceof Map ? target : null;
    if (!map || items.length % 2 !== 0) throw new PickleError("items for something that is no dictionary");
    for (let i = 0; i < items.length; i += 2) map.set(items[i]!, items[i + 1]!);
  };
  const append = (items: readonly Pickled[]): void => {
    const target = top();
    if (!Array.isArray(target)) throw new PickleError("items for something that is no list");
    for (const item of items) target.push(item);
  };

  for (;;) {
    const op = bytes[need(1)]!;
    switch (String.fromCharCode(op)) {
      case "\x80": {
        const protocol = bytes[need(1)]!;
        if (protocol > 5) throw new PickleError(`pickle protocol ${protocol}`);
        break;
      }
      case ".": {
        const result = pop();
        if (stack.length > 0) throw new PickleError("values that nothing uses");
        assertShallow(result);
        return result;
      }
      case "(":
        stack.push(MARK);
        break;
      case "0":
        stack.pop();
        break;
      case "1":
        popToMark();
        break;
      case "2":
        stack.push(top());
        break;
      case "N":
        stack.push(null);
        break;
      case "\x88":
        stack.push(true);
        break;
      case "\x89":
        stack.push(false);
        break;
      case "K":
        stack.push(bytes[need(1)]!);
        break;
      case "M":
        stack.push(view.getUint16(need(2), true));
        break;
      case "J":
        stack.push(view.getInt32(need(4), true));
        break;
      case "\x8a":
        stack.push(long(bytes[need(1)]!));
        break;
      case "G":
        stack.push(view.getFloat64(need(8)));
        break;
      case "X":
        stack.push(utf8(view.getUint32(need(4), true)));
        break;
      case "\x8c":
        stack.push(utf8(bytes[need(1)]!));
        break;
      case "U": {
        stack.push(utf8(bytes[need(1)]!));
        break;
      }
      case "T":
        stack.push(utf8(view.getUint32(need(4), true)));
        break;
      case "B": {
        const length = view.getUint32(need(4), true);
        stack.push(bytes.slice(need(length), at));
        break;
      }
      case "C": {
        const length = bytes[need(1)]!;
        stack.push(bytes.slice(need(length), at));
        break;
      }
      case ")":
        stack.push([]);
        break;
      case "]":
        stack.push([]);
        break;
      case "}":
        stack.push(new Map());
        break;
      case "t":
      case "l":
        stack.push(popToMark());
        break;
      case "\x85":
        stack.push([pop()]);
        break;
      case "\x86": {
        const last = pop();
        stack.push([pop(), last]);
        break;
      }
      case "\x87": {
        const last = pop();
        const middle = pop();
        stack.push([pop(), middle, last]);
        break;
      }
      case "d": {
        const items = popToMark();
        stack.push(new Map());
        setItems(items);
        break;
      }
      case "a": {
        const item = pop();
        append([item]);
        break;
      }
      case "e":
        append(popToMark());
        break;
      case "s": {
        const value = pop();
        const key = pop();
        setItems([key, value]);
        break;
      }
      case "u":
        setItems(popToMark());
        break;
      case "q":
        put(bytes[need(1)]!);
        break;
      case "r":
        put(view.getUint32(need(4), true));
        break;
      case "h":
        get(bytes[need(1)]!);
        break;
      case "j":
        get(view.getUint32(need(4), true));
        break;
      case "c": {
        const global = `${line()}.${line()}`;
        if (!allowed(global)) throw new PickleError(`a pickle that names ${global}`);
        stack.push({ global });
        break;
      }
      case "R": {
        const args = pop();
        const target = pop();
        if (!Array.isArray(args) || !isGlobal(target)) throw new PickleError("a call of something that is no name");
        stack.push(target.global === "collections.OrderedDict" ? orderedDict(args) : { call: target.global, args });
        break;
      }
      case "Q":
        stack.push({ call: "persistent id", args: [pop()] });
        break;
      case "b":
        // State of an object beside its items: torch keeps a version number of its state dict there.
        pop();
        top();
        break;
      default:
        throw new PickleError(`the pickle opcode 0x${op.toString(16)}, which data does not need`);
    }
  }
}

const isGlobal = (value: Pickled): value is GlobalName =>
  typeof value === "object" && value !== null && "global" in value;

function orderedDict(args: readonly Pickled[]): Map<Pickled, Pickled> {
  const map = new Map<Pickled, Pickled>();
  for (const pair of Array.isArray(args[0]) ? args[0] : []) {
    if (!Array.isArray(pair) || pair.length !== 2) throw new PickleError("a dictionary of something else than pairs");
    map.set(pair[0]!, pair[1]!);
  }
  return map;
}

/** Loops cannot be written out as data, and deep nesting would end the program. Shared parts are walked once. */
function assertShallow(root: Pickled): void {
  const seen = new Map<object, number>();
  const walk = (value: Pickled, depth: number): void => {
    if (typeof value !== "object" || value === null || value instanceof Uint8Array) return;
    if (depth > MAX_DEPTH) throw new PickleError(`nesting deeper than ${MAX_DEPTH}`);
    if ((seen.get(value) ?? -1) >= depth) return;
    seen.set(value, depth);
    if (value instanceof Map) {
      for (const [key, item] of value) {
        walk(key, depth + 1);
        walk(item, depth + 1);
      }
    } else for (const item of Array.isArray(value) ? value : "args" in value ? value.args : []) walk(item, depth + 1);
  };
  walk(root, 0);
}
