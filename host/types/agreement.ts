import type * as dom from "../src/premiere/dom.ts";

/**
 * Holds the names in `premiere/dom.ts` to the published typings of Premiere: a member that those do not know makes the type
 * check fail. Members in the second place are documented elsewhere, by Adobe's guide or its samples, and missing there.
 */
type Unknown<Ours, Theirs, Documented> = Exclude<keyof Ours, keyof Theirs | Documented>;
type None<Names extends never> = Names;

export type Agreement = [
  None<Unknown<dom.Time, Time, never>>,
  None<Unknown<dom.Sequence, Sequence, never>>,
  None<Unknown<dom.Track, Track, never>>,
  None<Unknown<dom.TrackItem, TrackItem, never>>,
  None<Unknown<dom.Project, Project, never>>,
  None<Unknown<dom.Application, Application, never>>,
  None<
    Unknown<
      dom.ProjectItem,
      ProjectItem,
      "isOffline" | "isMulticamClip" | "getFootageInterpretation" | "getAudioChannelMapping" | "setAudioChannelMapping"
    >
  >,
  None<Unknown<dom.FileObject, File, "length">>,
  None<Unknown<dom.FolderObject, Folder, never>>,
];
