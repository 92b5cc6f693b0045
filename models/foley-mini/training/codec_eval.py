"""Measures the codec on held-out sounds and writes reports/codec.json.

  python codec_eval.py --shared ../../../../shared --codec .. work/codec/codec.pt      (..: the graphs of a bundle)

distance_db         mean |dB| of mel power (floor -80 dB) over n_fft 256, 1024, 4096, where either is above the floor
distance_floor_60_db  the same over all frames and bins with a floor of -60 dB
attack_rise_ms      10 % to 90 % of the peak of the 1 ms envelope within 20 ms of the onset, medians of original and decoded;
                    `sharp` counts only originals that rise in less than 4 ms
onset_error_ms      median |difference| of the time at which 20 % of that peak is first passed
attacks_lost        share of attacks that the decoded sound does not show (counted as 40 ms of rise, 30 ms of error)
pre_echo_excess_db  mean level of decoded minus original in the 10..2 ms before the onset (floor -80 dB)
flatness_error_db   mean |difference| of spectral flatness in 24 mel bands: partials smeared to noise, noise set to tones
tonal               the files of which half the power or more lies in peaks, 15 dB over the median of the 47 bins round
                    them, of an 8192-sample spectrum; partials_error_db is the mean |difference| in level of these peaks
"""
import argparse
import json
import os
import pathlib
import time

import numpy as np
import onnxruntime
import torch
from scipy import ndimage

from codec_features import HOP, Encoder, mel_matrix
from codec_model import Decoder
from sounds_data import load_sounds, samples_of

LEAD = 10 * HOP      # 0.2 s of silence before each sound
TONAL_SHARE = 0.5
PEAK_OVER_MEDIAN = 10 ** 1.5
SHARP_MS = 4.0


def load_codec(path):
    saved = torch.load(path, weights_only=True)
    encoder, decoder = Encoder(), Decoder()
    encoder.load_state_dict(saved["encoder"])
    decoder.load_state_dict(saved["decoder"])
    return encoder.eval(), decoder.eval(), saved["step"]


def session(path, threads=2):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def round_trip(path):
    """A trained codec or the folder of a bundle -> (f32 [S] -> f32 [S] through encoder and decoder, steps or None)."""
    if os.path.isdir(path):
        enc, dec = (session(os.path.join(path, f"{n}.onnx"), 1) for n in ("encoder", "decoder"))
        return lambda x: dec.run(None, {"latents": enc.run(None, {"audio": x[None, None]})[0]})[0][0, 0], None
    encoder, decoder, step = load_codec(path)
    return lambda x: decoder(encoder(torch.tensor(x)[None]))[0].numpy(), step


def mel_distance_db(a, b):
    """f32 [S] twice -> mean |dB|."""
    total = []
    for n_fft, bands in ((256, 24), (1024, 64), (4096, 128)):
        window = torch.hann_window(n_fft)
        levels = []
        for x in (a, b):
            power = torch.stft(torch.as_tensor(x), n_fft, n_fft // 4, window=window * 4 / n_fft, return_complex=True,
                               pad_mode="constant").abs() ** 2
            levels.append(10 * torch.log10(mel_matrix(n_fft, bands).T @ power + 1e-8))
        heard = torch.maximum(*levels) > -79.0
        total.append(float((levels[0] - levels[1]).abs()[heard].mean()) if heard.any() else 0.0)
    return float(np.mean(total))


def log_spectral_distance_db(a, b, floor_db=-60.0):
    """The same over all bins, silence too, with a floor that a listener would set."""
    total = []
    for n_fft, bands in ((256, 24), (1024, 64), (4096, 128)):
        levels = [10 * torch.log10(mel_matrix(n_fft, bands).T @ torch.stft(
            torch.as_tensor(x), n_fft, n_fft // 4, window=torch.hann_window(n_fft) * 4 / n_fft, return_complex=True,
            pad_mode="constant").abs() ** 2 + 10 ** (floor_db / 10)) for x in (a, b)]
        total.append(float((levels[0] - levels[1]).abs().mean()))
    return float(np.mean(total))


def flatness_error_db(a, b):
    """|difference| of the mean log below the log of the mean power, by band of 4096-sample frames where b sounds."""
    bands, window = mel_matrix(4096, 24), torch.hann_window(4096) * 4 / 4096
    bands = bands / bands.sum(0)
    power = [torch.stft(torch.as_tensor(x), 4096, 1024, window=window, return_complex=True, pad_mode="constant").abs() ** 2 + 1e-12 for x in (a, b)]
    flat = [bands.T @ torch.log10(p) - torch.log10(bands.T @ p) for p in power]
    heard = (bands.T @ power[1]) > 1e-8
    return float(10 * (flat[0] - flat[1]).abs()[heard].mean()) if heard.any() else 0.0


def partials(made, real):
    """-> (share of the power in peaks of the original, mean |dB| at these peaks)."""
    window = torch.hann_window(8192) * 4 / 8192
    power = [torch.stft(torch.as_tensor(x), 8192, 2048, window=window, return_complex=True, pad_mode="constant").abs().numpy() ** 2 for x in (made, real)]
    near = ndimage.median_filter(power[1], (47, 1), mode="nearest")
    top = ndimage.maximum_filter(power[1], (5, 1), mode="nearest")
    peak = (power[1] == top) & (power[1] > PEAK_OVER_MEDIAN * near) & (power[1] > 1e-3 * power[1].max())
    around = ndimage.maximum_filter(peak, (5, 1))
    share = power[1][around].sum() / (power[1].sum() + 1e-20)
    made_top = ndimage.maximum_filter(power[0], (3, 1), mode="nearest")
    error = np.abs(10 * np.log10((made_top[peak] + 1e-10) / (power[1][peak] + 1e-10)))
    return float(share), float(error.mean()) if peak.any() else 0.0


def envelope_of(samples):
    """1 ms mean-square envelope every 0.25 ms, as amplitude."""
    power = np.concatenate([[0], np.cumsum(np.asarray(samples, np.float64) ** 2)])
    at = np.arange(24, len(samples) - 24, 12)
    return np.sqrt((power[at + 24] - power[at - 24]) / 48)


def attack_of(samples, near_s=None):
    """-> (onset s at 20 % of the first peak, rise ms) or None when there is no clear attack."""
    env = envelope_of(samples)
    onset = int(np.argmax(env > 0.1 * env.max())) if near_s is None else int((near_s * 48000 - 24) / 12)
    lo, hi = max(0, onset - 40), min(len(env), onset + 80)             # -10..+20 ms
    peak_at = lo + int(np.argmax(env[lo:hi]))
    peak = env[peak_at]
    before = env[lo:peak_at + 1][::-1]
    if peak < 1e-3:
        return None
    # walk back from the peak to the last time below each level
    below = lambda share: peak_at - int(np.argmax(before < share * peak)) if (before < share * peak).any() else None
    t10, t20, t90 = below(0.1), below(0.2), below(0.9)
    if t10 is None or t90 is None:
        return None
    return (t20 * 12 + 24) / 48000, (t90 - t10) * 0.25


def level_before_db(samples, onset_s):
    at = int(onset_s * 48000)
    piece = samples[max(0, at - 480):at - 96]
    return 10 * np.log10(np.mean(np.square(piece, dtype=np.float64)) + 1e-8)


def measure(through, sounds, pcm):
    rows = []
    for sound in sounds:
        real = np.concatenate([np.zeros(LEAD, np.float32), samples_of(sound, pcm), np.zeros(LEAD, np.float32)])
        real = real[:len(real) // HOP * HOP]
        with torch.no_grad():
            made = through(real)
        share, error = partials(made, real)
        row = {"kind": sound.kind, "file": sound.file, "distance": mel_distance_db(made, real), "plain": log_spectral_distance_db(made, real),
               "flatness": flatness_error_db(made, real), "tonal": share >= TONAL_SHARE, **({"partials": error} if share >= TONAL_SHARE else {}),
               "level": 10 * np.log10(np.mean(made ** 2) + 1e-9) - 10 * np.log10(np.mean(real ** 2) + 1e-9)}
        original = attack_of(real) if sound.kind == "event" else None
        if original:
            decoded = attack_of(made, near_s=original[0])
            row["pre"] = level_before_db(made, original[0]) - level_before_db(real, original[0])
            row["rise"] = original[1]
            row["rise_made"] = decoded[1] if decoded else 40.0
            row["onset"] = abs(decoded[0] - original[0]) * 1000 if decoded else 30.0
            row["lost"] = decoded is None
        rows.append(row)
    return rows


def summary(rows):
    def of(key, how, among=rows):
        values = [r[key] for r in among if key in r]
        return round(float(how(values)), 2) if values else None
    sharp = [r for r in rows if r.get("rise", SHARP_MS) < SHARP_MS]
    by_kind = {k: of("distance", np.mean, [r for r in rows if r["kind"] == k]) for k in sorted({r["kind"] for r in rows})}
    return {"files": len(rows), "distance_db": of("distance", np.mean), "distance_floor_60_db": of("plain", np.mean), "distance_by_kind_db": by_kind,
            "level_error_db": of("level", lambda x: np.mean(np.abs(x))), "flatness_error_db": of("flatness", np.mean),
            "attack_rise_original_ms": of("rise", np.median), "attack_rise_ms": of("rise_made", np.median),
            "sharp": {"files": len(sharp), "attack_rise_original_ms": of("rise", np.median, sharp), "attack_rise_ms": of("rise_made", np.median, sharp)},
            "onset_error_ms": of("onset", np.median), "onset_error_p90_ms": of("onset", lambda x: np.percentile(x, 90)),
            "attacks_lost": of("lost", np.mean), "pre_echo_excess_db": of("pre", np.mean)}


def report_of(rows):
    tonal, rest = ([r for r in rows if r["tonal"] == is_tonal] for is_tonal in (True, False))
    return {**summary(rows), "tonal": {**summary(tonal), "partials_error_db": round(float(np.mean([r["partials"] for r in tonal])), 2) if tonal else None},
            "not_tonal": summary(rest),
            "worst": [f'{r["file"]} {r["distance"]:.1f} dB' for r in sorted(rows, key=lambda r: -r["distance"])[:5]]}


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--shared", default="../../../../shared")
    args.add_argument("--codec", nargs="+", default=[".."])
    args.add_argument("--work", default="work", help="where the packed sounds are")
    args.add_argument("--report", default="reports/codec.json")
    args.add_argument("--every", type=int, default=1, help="measure every Nth file only")
    args = args.parse_args()
    torch.set_num_threads(1)
    sounds, pcm = load_sounds(args.shared, args.work)
    heard, report = [s for s in sounds if s.held_out][::args.every], {}
    for codec in args.codec:
        began = time.time()
        through, step = round_trip(codec)
        name = "bundle" if os.path.isdir(codec) else pathlib.Path(codec).stem
        report[name] = {"step": step, **report_of(measure(through, heard, pcm))}
        print(name, json.dumps(report[name], indent=1), f"{time.time() - began:.0f} s", flush=True)
    if args.every == 1:
        os.makedirs(os.path.dirname(args.report), exist_ok=True)
        with open(args.report, "w") as f:
            json.dump(report, f, indent=1)


if __name__ == "__main__":
    main()
