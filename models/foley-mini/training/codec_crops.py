"""Training crops of the codec, drawn, varied and mixed for a whole batch at once on any device.

A varied sound is played at another speed (and pitch) by windowed-sinc interpolation and through a smooth random
equaliser of minimum phase, so that nothing sounds before its attack that was not there.
"""
import numpy as np
import torch

from codec_features import HOP
from sounds_data import SAMPLE_RATE_HZ

CROP = 48 * HOP             # 0.96 s
TAPS = 8                    # samples of the interpolation on either side
EQ_KNOTS = 6
EQ_DB = 8.0
SPEED = 0.25                # nepers
EQ_LENGTH = 65_536          # samples of its Fourier transform: a crop and its ringing


def choose_weights(sounds):
    """Files are drawn in proportion to the square root of their class's share, so that big classes do not rule."""
    names = [s.name for s in sounds]
    counts = {n: names.count(n) for n in set(names)}
    w = np.array([counts[s.name] ** -0.5 * min(1.5, 0.5 + s.sample_count / 96_000) for s in sounds])
    return w / w.sum()


def knot_shapes():
    """-> f32 [6, bins]: how far each knot of the equaliser, evenly apart in octaves from 40 Hz, counts at a bin."""
    hz = np.arange(EQ_LENGTH // 2 + 1) * SAMPLE_RATE_HZ / EQ_LENGTH
    octaves = np.log2(np.maximum(hz, 40.0) / 40.0)
    knots = np.linspace(0, 9.3, EQ_KNOTS)
    return torch.tensor(np.stack([np.interp(octaves, knots, row) for row in np.eye(EQ_KNOTS)]), dtype=torch.float32)


class Crops:
    """Sounds held as int16 on `device`; `batch(rng, size)` -> f32 [size, CROP], the same for the same numpy generator."""

    def __init__(self, sounds, pcm, device):
        self.pcm = torch.from_numpy(np.array(pcm)).to(device)
        self.starts, self.counts = (np.array([getattr(s, key) for s in sounds]) for key in ("start", "sample_count"))
        self.weights = choose_weights(sounds)
        self.shapes = knot_shapes().to(device)
        self.device = device

    def batch(self, rng, size):
        layers = np.minimum(rng.geometric(0.75, size), 4)        # sounds on top of each other
        owner = np.repeat(np.arange(size), layers)
        n = len(owner)
        sound = rng.choice(len(self.starts), n, p=self.weights)
        varied = rng.random(n) < 0.5
        ratio = np.where(varied, np.exp(rng.uniform(-SPEED, SPEED, n)), 1.0)
        knots = rng.uniform(-EQ_DB, EQ_DB, (n, EQ_KNOTS)) / 8.686 * varied[:, None]
        length = (self.counts[sound] / ratio).astype(int)
        lead = rng.integers(0, CROP * 3 // 4, n)                 # silence before it: the attack is in the crop
        inside = (rng.random(n) < 0.35) & (length > CROP // 2)
        lead = np.where(inside, -rng.integers(0, np.maximum(1, length - CROP // 3)), lead)
        gain = 10 ** (rng.uniform(-20, 4, n) / 20)
        on = lambda x, kind: torch.as_tensor(x).to(self.device, kind)
        audio = self.played(on(self.starts[sound], torch.int64), on(self.counts[sound], torch.int64), on(ratio, torch.float64),
                            on(lead, torch.float64))
        audio = self.equalised(audio, on(knots, torch.float32))
        peak = audio.abs().amax(1) + 1e-4
        audio = audio * torch.minimum(on(gain, torch.float32), 0.99 / peak)[:, None]
        mixed = torch.zeros(size, CROP, device=self.device).index_add_(0, on(owner, torch.int64), audio)
        return mixed.clamp(-1, 1)

    def played(self, start, count, ratio, lead):
        """Each sound from `lead` samples into the crop on, `ratio` times as fast -> f32 [n, CROP]."""
        at = (torch.arange(CROP, device=self.device, dtype=torch.float64) - lead[:, None]) * ratio[:, None]
        whole = at.floor()
        part, whole = (at - whole).float(), whole.long()
        cutoff = (1 / ratio).clamp(max=1.0).float()[:, None]
        out = torch.zeros_like(part)
        for tap in range(1 - TAPS, TAPS + 1):
            away = part - tap
            weight = torch.sinc(away * cutoff) * cutoff * torch.cos(away * (np.pi / 2 / TAPS)).clamp(min=0) ** 2
            index = whole + tap
            there = (index >= 0) & (index < count[:, None])
            value = self.pcm[(start[:, None] + index).clamp(0, len(self.pcm) - 1)].float()
            out += torch.where(there, value * weight, torch.zeros_like(value))
        return out / 32768.0

    def equalised(self, audio, knots):
        """audio [n, CROP], knots [n, 6] in nepers -> [n, CROP]; the phase from the folded cepstrum."""
        cepstrum = torch.fft.irfft(knots @ self.shapes, EQ_LENGTH)
        cepstrum[:, 1:EQ_LENGTH // 2] *= 2
        cepstrum[:, EQ_LENGTH // 2 + 1:] = 0
        response = torch.exp(torch.fft.rfft(cepstrum))
        return torch.fft.irfft(torch.fft.rfft(audio, EQ_LENGTH) * response, EQ_LENGTH)[:, :CROP]
