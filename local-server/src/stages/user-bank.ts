import { findSound, readBank } from "../banks/store.ts";
import type { Bundle } from "../onnx/bundle.ts";
import { tensor } from "../onnx/tensor.ts";
import type { Context } from "../pipeline/types.ts";
import { decodeSound } from "../video/sound.ts";
import { type Bank, MAX_RECORDINGS, type Recording } from "./bank.ts";
import { encodeTexts } from "./text-features.ts";

/**
 * A bank that the user added. Its embeddings are used as they are where the bundle has the text tower they were made with.
 * A sound whose file was changed or taken away since is left out with a note.
 * @throws UserError not_found, damaged
 */
export async function openUserBank(id: string, bundle: Bundle, { signal, note }: Context): Promise<Bank> {
  const { bank, text } = await readBank(id);
  const { classes, sounds } = bank;
  const graph = bundle.manifest.roles.text.graphs.cpu;
  const isSame = bundle.manifest.files[graph]?.sha256 === bank.textGraph;
  const rows = isSame
    ? text
    : await embedded(
        classes.flatMap((one) => one.descriptions),
        bundle,
      );
  const count = classes.reduce((sum, one) => sum + one.descriptions.length, 0);
  const classOf = new Map(sounds.map((sound) => [sound.id, classes.findIndex((one) => one.id === sound.class)]));
  return {
    classes,
    text: tensor(rows, [count, rows.length / count]),
    classOfRow: classes.flatMap((one, i) => one.descriptions.map(() => i)),
    picture: null,
    lexicons: [],
    async load(classIndex) {
      const { id: name, mode } = classes[classIndex]!;
      const recordings: Recording[] = [];
      for (const sound of sounds.filter((one) => one.class === name)) {
        if (recordings.length === MAX_RECORDINGS) break;
        const { path, problem } = await findSound(bank, sound);
        if (problem) {
          note(`${sound.id} of the bank ${id} is ${problem}: it is left out; add the folder again`);
          continue;
        }
        const { onset, loudnessDb, weight, start: startSample, samples } = sound;
        const decoded = await decodeSound(path, { signal, startSample, samples });
        recordings.push({ id: sound.id, samples: decoded, onset, loudnessDb, weight });
      }
      return { mode, recordings };
    },
    origins: new Map(),
    classOfSound: (sound) => classOf.get(sound) ?? -1,
  };
}

async function embedded(texts: readonly string[], bundle: Bundle): Promise<Float32Array> {
  const encoded = await encodeTexts(texts, bundle);
  const dims = encoded[0]!.pooled.length;
  const rows = new Float32Array(encoded.length * dims);
  for (const [row, { pooled }] of encoded.entries()) rows.set(pooled, row * dims);
  return rows;
}
