"""Writes encoder.onnx and decoder.onnx and checks them against torch.

  python codec_export.py --codec work/codec/codec.pt --bundle ..
"""
import argparse
import json
import os
import time

import numpy as np
import torch

from codec_eval import load_codec, session
from codec_features import HOP
from codec_model import CONTEXT
from graph_write import write_graph

ENCODER_CONTEXT = 1          # latents each side: the longest window reaches 544 samples past its frame


def decode_in_chunks(decoder, latents, core):
    """latents [1, 64, L] -> audio [1, 1, 960 L], `core` latents at a time with CONTEXT on each side."""
    out, length = [], latents.shape[2]
    for start in range(0, length, core):
        lo, hi = max(0, start - CONTEXT), min(length, start + core + CONTEXT)
        audio = decoder.run(None, {"latents": latents[:, :, lo:hi]})[0]
        out.append(audio[:, :, (start - lo) * HOP:(min(start + core, length) - lo) * HOP])
    return np.concatenate(out, 2)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--codec", default="work/codec/codec.pt")
    args.add_argument("--bundle", default="..")
    args.add_argument("--report", default="reports/codec_export.json")
    args = args.parse_args()
    torch.set_num_threads(1)
    encoder, decoder, step = load_codec(args.codec)
    enc_path, dec_path = (os.path.join(args.bundle, f"{n}.onnx") for n in ("encoder", "decoder"))
    write_graph("encoder", args.codec, enc_path)
    write_graph("decoder", args.codec, dec_path)
    generator = torch.Generator().manual_seed(1)

    enc, dec = session(enc_path), session(dec_path)
    long_audio = torch.randn(1, 1, 400 * HOP, generator=generator) * 0.1
    long_audio = long_audio * (torch.rand(1, 1, 400, generator=generator) ** 4).repeat_interleave(HOP, 2)
    z = enc.run(None, {"audio": long_audio.numpy()})[0]
    with torch.no_grad():
        exact_z, exact = encoder(long_audio[:, 0]).numpy(), decoder(torch.tensor(z))[:, None].numpy()
    whole = dec.run(None, {"latents": z})[0]
    pieces = np.concatenate([enc.run(None, {"audio": long_audio[:, :, max(0, a - 1) * HOP:(a + 51) * HOP].numpy()})[0]
                             [:, :, min(a, 1):][:, :, :50] for a in range(0, 400, 50)], 2)
    began = time.time()
    for _ in range(3):
        dec.run(None, {"latents": z})
    report = {
        "step": step, "encoder_bytes": os.path.getsize(enc_path), "decoder_bytes": os.path.getsize(dec_path),
        "encoder_context_latents": ENCODER_CONTEXT, "decoder_context_latents": CONTEXT,
        "encoder_stored_f16_effect": float(np.abs(exact_z - z).max()),
        "decoder_stored_f16_effect_max": float(np.abs(whole - exact).max()),
        "decoder_stored_f16_effect_db": float(10 * np.log10(((whole - exact) ** 2).mean() / (exact ** 2).mean())),
        "encoder_chunked_vs_whole": float(np.abs(pieces - z).max()),
        "decoder_chunked_vs_whole": float(np.abs(decode_in_chunks(dec, z, 100) - whole).max()),
        "shortest": [list(dec.run(None, {"latents": z[:, :, :1]})[0].shape), list(enc.run(None, {"audio": long_audio[:, :, :HOP].numpy()})[0].shape)],
        "decode_8_s_seconds_2_threads": round((time.time() - began) / 3, 3)}
    print(json.dumps(report, indent=1))
    with open(args.report, "w") as f:
        json.dump(report, f, indent=1)


if __name__ == "__main__":
    main()
