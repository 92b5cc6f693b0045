/** Plays takes under the picture. One clock: the picture's where there is one, else the sound card's. */
export interface Track {
  readonly id: string;
  /** Seconds on the picture at which the sound begins. */
  readonly startSeconds: number;
  readonly gainDb: number;
  /** The file's bytes. Asked for once, then kept. */
  readonly load: () => Promise<ArrayBuffer>;
}

export interface Player {
  attach(video: HTMLVideoElement | null): void;
  /** What is heard from now on, at once where it plays. */
  setTracks(tracks: readonly Track[]): void;
  /** Plays to `untilSeconds`, or to the end. */
  play(untilSeconds?: number): Promise<void>;
  pause(): void;
  seek(seconds: number): void;
  /** 1 is normal speed, negative runs back (without sound). */
  shuttle(rate: number): void;
  seconds(): number;
  playing(): boolean;
  rate(): number;
  /** Called at every drawn frame while it plays, and at every jump. */
  subscribe(listener: () => void): () => void;
}

/** Sound further from the picture than this is started again: under the 45 ms at which lips are seen to be early. */
const DRIFT_SECONDS = 0.02;
const RAMP_SECONDS = 0.004;

interface Voice {
  readonly source: AudioBufferSourceNode;
  readonly gain: GainNode;
  /** Picture seconds minus context seconds at the start, at rate 1. */
  readonly lead: number;
}

export function createPlayer(): Player {
  let context: AudioContext | undefined;
  let video: HTMLVideoElement | null = null;
  let tracks: readonly Track[] = [];
  let until = Number.POSITIVE_INFINITY;
  let speed = 1;
  let running = false;
  let frame = 0;
  /** The clock without a picture, and of running back. */
  let free = { seconds: 0, at_ms: 0 };
  const buffers = new Map<string, Promise<AudioBuffer>>();
  const voices = new Map<string, Voice>();
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of [...listeners]) listener();
  };

  const byPicture = (): boolean => video !== null && speed > 0;
  const freeSeconds = (): number => free.seconds + (running ? ((performance.now() - free.at_ms) / 1000) * speed : 0);
  const seconds = (): number =>
    video !== null && (byPicture() || !running) ? video.currentTime : Math.max(0, freeSeconds());

  function stopVoice(id: string): void {
    const voice = voices.get(id);
    if (!voice || !context) return;
    voices.delete(id);
    voice.gain.gain.setTargetAtTime(0, context.currentTime, RAMP_SECONDS / 3);
    voice.source.stop(context.currentTime + 4 * RAMP_SECONDS);
  }

  function startVoice(track: Track, buffer: AudioBuffer): void {
    if (!context) return;
    const latency = context.outputLatency || context.baseLatency || 0;
    const now = seconds();
    const offset = now + latency * speed - track.startSeconds;
    if (offset >= buffer.duration) return;
    const gain = context.createGain();
    gain.gain.value = 0;
    gain.gain.setTargetAtTime(10 ** (track.gainDb / 20), context.currentTime, RAMP_SECONDS / 3);
    gain.connect(context.destination);
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.playbackRate.value = speed;
    source.connect(gain);
    source.start(context.currentTime + Math.max(0, -offset) / speed, Math.max(0, offset));
    source.onended = () => gain.disconnect();
    voices.set(track.id, { source, gain, lead: now - context.currentTime * speed });
  }

  const bufferOf = (track: Track): Promise<AudioBuffer> => {
    const known = buffers.get(track.id);
    if (known) return known;
    const loading = track.load().then((bytes) => audio().decodeAudioData(bytes));
    buffers.set(track.id, loading);
    loading.catch(() => buffers.delete(track.id));
    return loading;
  };
  const audio = (): AudioContext => {
    context ??= new AudioContext({ sampleRate: 48_000 });
    return context;
  };

  /** Starts what shall be heard and is not, stops what shall not, and starts anew what has drifted. */
  function align(): void {
    const heard = running && speed > 0 && (video === null || (!video.paused && !video.seeking && video.readyState > 2));
    for (const [id, voice] of voices) {
      const drift = context ? seconds() - context.currentTime * speed - voice.lead : 0;
      if (!heard || Math.abs(drift) > DRIFT_SECONDS * Math.abs(speed) || !tracks.some((track) => track.id === id))
        stopVoice(id);
    }
    if (!heard) return;
    for (const track of tracks) {
      const voice = voices.get(track.id);
      if (voice && context) {
        voice.gain.gain.setTargetAtTime(10 ** (track.gainDb / 20), context.currentTime, RAMP_SECONDS);
        continue;
      }
      void bufferOf(track).then(
        (buffer) => {
          if (running && !voices.has(track.id) && tracks.includes(track)) startVoice(track, buffer);
        },
        () => {},
      );
    }
  }

  function tick(): void {
    cancelAnimationFrame(frame);
    if (!running) return;
    const now = seconds();
    if (speed < 0) {
      if (video) video.currentTime = Math.max(0, now);
      if (now <= 0) {
        pause();
        return;
      }
    }
    if ((speed > 0 && now >= until) || video?.ended) {
      pause();
      return;
    }
    align();
    tell();
    frame = requestAnimationFrame(tick);
  }

  const settleAfterJump = (): void => {
    align();
    tell();
  };

  async function play(untilSeconds = Number.POSITIVE_INFINITY): Promise<void> {
    await audio().resume();
    until = untilSeconds;
    free = { seconds: seconds(), at_ms: performance.now() };
    running = true;
    if (video && speed > 0) {
      video.playbackRate = speed;
      await video.play().catch(() => {});
    }
    tick();
  }

  function pause(): void {
    const at = seconds();
    running = false;
    speed = 1;
    free = { seconds: at, at_ms: 0 };
    video?.pause();
    cancelAnimationFrame(frame);
    for (const id of [...voices.keys()]) stopVoice(id);
    tell();
  }

  return {
    attach(element) {
      if (video === element) return;
      pause();
      video = element;
      for (const name of ["seeked", "playing", "waiting", "loadedmetadata"])
        element?.addEventListener(name, settleAfterJump);
    },
    setTracks(next) {
      tracks = next;
      for (const id of [...buffers.keys()])
        if (!next.some((track) => track.id === id) && buffers.size > 8) buffers.delete(id);
      for (const track of next) void bufferOf(track).catch(() => {});
      align();
    },
    play,
    pause,
    seek(to) {
      const target = Math.max(0, to);
      for (const id of [...voices.keys()]) stopVoice(id);
      free = { seconds: target, at_ms: performance.now() };
      if (video) video.currentTime = Math.min(target, video.duration || target);
      tell();
    },
    shuttle(rate) {
      pause();
      speed = rate;
      void play();
    },
    seconds,
    playing: () => running,
    rate: () => (running ? speed : 0),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
