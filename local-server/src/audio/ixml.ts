import type { Rational } from "../../protocol/index.ts";
import type { Chunk } from "./riff.ts";

/** What editors read from iXML (Gallery's specification 1.61). Its rate must agree with `bext`: Final Cut and Avid trust it. */
export interface Ixml {
  readonly project: string;
  readonly take: string;
  readonly tape?: string;
  readonly note: string;
  readonly fileUid?: string;
  /** Rate of the timecode that `timeReference` was counted in. */
  readonly timecodeRate: Rational;
  readonly dropFrame: boolean;
  /** Samples from midnight to the first sample, as in `bext`. */
  readonly timeReference: bigint;
}

/** Text of an element: what XML 1.0 cannot hold is taken out, what it reads as markup is escaped. */
const escapeXml = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g, "")
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

type Element = readonly [name: string, content: string | readonly Element[]];

function xmlOf([name, content]: Element, indent: string): string {
  if (typeof content === "string") return `${indent}<${name}>${escapeXml(content)}</${name}>\n`;
  return `${indent}<${name}>\n${content.map((child) => xmlOf(child, `${indent}  `)).join("")}${indent}</${name}>\n`;
}

export function encodeIxml(
  ixml: Ixml,
  file: { readonly sampleRate: number; readonly bits: number; readonly channels: number },
): Chunk {
  const rate = `${ixml.timecodeRate.num}/${ixml.timecodeRate.den}`;
  const names = file.channels === 1 ? ["Mono"] : ["Left", "Right"];
  const tracks = names.map((name, i): Element => {
    const index = String(i + 1);
    return [
      "TRACK",
      [
        ["CHANNEL_INDEX", index],
        ["INTERLEAVE_INDEX", index],
        ["NAME", name],
      ],
    ];
  });
  const root: Element = [
    "BWFXML",
    [
      ["IXML_VERSION", "1.61"],
      ["PROJECT", ixml.project],
      ["TAKE", ixml.take],
      ...(ixml.tape === undefined ? [] : [["TAPE", ixml.tape] as const]),
      ["NOTE", ixml.note],
      ...(ixml.fileUid === undefined ? [] : [["FILE_UID", ixml.fileUid] as const]),
      [
        "SPEED",
        [
          ["NOTE", ""],
          ["MASTER_SPEED", rate],
          ["CURRENT_SPEED", rate],
          ["TIMECODE_RATE", rate],
          ["TIMECODE_FLAG", ixml.dropFrame ? "DF" : "NDF"],
          ["FILE_SAMPLE_RATE", String(file.sampleRate)],
          ["AUDIO_BIT_DEPTH", String(file.bits)],
          ["DIGITIZER_SAMPLE_RATE", String(file.sampleRate)],
          ["TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI", String(ixml.timeReference >> 32n)],
          ["TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO", String(ixml.timeReference & 0xffff_ffffn)],
          ["TIMESTAMP_SAMPLE_RATE", String(file.sampleRate)],
        ],
      ],
      ["TRACK_LIST", [["TRACK_COUNT", String(file.channels)], ...tracks]],
    ],
  ];
  return { id: "iXML", data: new TextEncoder().encode(`<?xml version="1.0" encoding="UTF-8"?>\n${xmlOf(root, "")}`) };
}
