"""Writes encoder.onnx and decoder.onnx and checks them against torch.

  python codec_export.py --codec work/codec/codec.pt --bundle ..

Matrices are stored in 16 bits behind a Cast (half the file; ONNX Runtime folds the casts when it loads), all
arithmetic stays in 32. The Fourier bases are computed by the graph itself, so they cost no bytes.
"""
import argparse
import json
import os
import time

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper

from codec_eval import load_codec, session
from codec_features import HOP, log_power
from codec_model import CONTEXT, N_FFT, Decoder

ENCODER_CONTEXT = 1          # latents each side: the longest window reaches 544 samples past its frame


class ExportedDecoder(Decoder):
    """The decoder with its two Fourier transforms as matrix products. Their bases come from the stored counts
    0..959 by operations of the graph: 4 bytes a row instead of 4 MB."""

    def __init__(self):
        super().__init__()
        self.counts = torch.nn.Parameter(torch.arange(N_FFT).float(), requires_grad=False)   # traced as an input

    def bases(self, n_fft):
        """cos, sin [n_fft, n_fft/2+1]; the products stay below 2^24, so they are exact in f32."""
        turns = torch.fmod(self.counts[:n_fft, None] * self.counts[None, :n_fft // 2 + 1], n_fft) * (2 * np.pi / n_fft)
        return torch.cos(turns), torch.sin(turns)

    def dft(self, framed):
        cos, sin = self.bases(N_FFT)
        return framed @ cos, -(framed @ sin)

    def inverse_dft(self, re, im, n_fft):
        cos, sin = self.bases(n_fft)
        twice = torch.cat([torch.ones(1), torch.full((n_fft // 2 - 1,), 2.0), torch.ones(1)]) / n_fft
        return (re * twice) @ cos.T - (im * twice) @ sin.T

    def forward(self, latents):
        return super().forward(latents)[:, None]


class ExportedEncoder(torch.nn.Module):
    """audio [1, 1, S] -> latents [1, 64, S/960]; the STFT as real numbers, as ONNX has it."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def log_mel(self, audio, n_fft, hop, window, mel):
        pad = (n_fft - hop) // 2
        spectrum = torch.stft(torch.nn.functional.pad(audio, (pad, pad)), n_fft, hop, window=window, center=False,
                              return_complex=False)
        return log_power((spectrum ** 2).sum(-1).transpose(1, 2) @ mel)

    def forward(self, audio):
        f = self.encoder.features
        audio = audio[:, 0]
        long = self.log_mel(audio, 2048, 960, f.window_long, f.mel_long)                       # [1, L, 96]
        short = self.log_mel(audio, 512, 240, f.window_short, f.mel_short).reshape(1, -1, 160)
        fine = f.envelope(audio).reshape(1, -1, 32)
        features = torch.cat([long, short, fine], -1) * f.weights
        return ((features - self.encoder.mean) @ self.encoder.rotation).transpose(1, 2)


def store_as_half(path, smallest=4096):
    """Rewrites a graph file: f32 initializers of at least `smallest` values become f16 behind a Cast."""
    model = onnx.load(path)
    kept, casts = [], []
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and np.prod(tensor.dims) >= smallest:
            half = numpy_helper.to_array(tensor).astype(np.float16)
            casts.append(helper.make_node("Cast", [tensor.name + "_f16"], [tensor.name], to=onnx.TensorProto.FLOAT))
            tensor = numpy_helper.from_array(half, tensor.name + "_f16")
        kept.append(tensor)
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes = casts + list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.doc_string = model.producer_version = ""
    for node in model.graph.node:
        node.doc_string = ""
    onnx.checker.check_model(model)
    onnx.save(model, path)


def export_graph(module, example, path, inputs, outputs, axes):
    """-> max |torch - ONNX Runtime| with the weights still in 32 bits, then stores them in 16."""
    with torch.no_grad():
        expected = module(*example)
    torch.onnx.export(module, example, path + ".part", input_names=inputs, output_names=outputs, dynamic_axes=axes,
                      opset_version=20, do_constant_folding=False, dynamo=False)
    run = session(path + ".part").run(None, {n: x.numpy() for n, x in zip(inputs, example)})[0]
    store_as_half(path + ".part")
    os.replace(path + ".part", path)
    return float(np.abs(run - expected.numpy()).max())


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
    exported = ExportedDecoder()
    exported.load_state_dict(decoder.state_dict(), strict=False)
    enc_path, dec_path = (os.path.join(args.bundle, f"{n}.onnx") for n in ("encoder", "decoder"))

    generator = torch.Generator().manual_seed(1)
    audio = torch.randn(1, 1, 50 * HOP, generator=generator) * torch.linspace(0, 0.3, 50 * HOP)
    enc_error = export_graph(ExportedEncoder(encoder).eval(), (audio,), enc_path, ["audio"], ["latents"],
                             {"audio": {2: "S"}, "latents": {2: "L"}})
    latents = encoder(audio[:, 0])
    dec_error = export_graph(exported.eval(), (latents,), dec_path, ["latents"], ["audio"],
                             {"latents": {2: "L"}, "audio": {2: "S"}})

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
        "encoder_torch_vs_onnx_f32": enc_error, "decoder_torch_vs_onnx_f32": dec_error,
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
