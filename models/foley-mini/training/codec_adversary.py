"""A light adversary: three small critics that look at compressed complex spectra, taught by least squares
(LSGAN, arXiv 1611.04076), and the distance of what they see in made and real sounds (feature matching)."""
import torch
import torch.nn.functional as F

WINDOWS = (256, 1024, 2048)
COMPRESSION = 0.3           # magnitudes to this power, phases kept


class Critic(torch.nn.Module):
    """Spectrum [B, 2, frames, bins] -> list of hidden maps, the last one the verdict (1 real, 0 made)."""

    def __init__(self, width=24):
        super().__init__()
        conv = lambda a, b, step: torch.nn.utils.parametrizations.weight_norm(
            torch.nn.Conv2d(a, b, (3, 9), (1, step), (1, 4)))
        self.layers = torch.nn.ModuleList([conv(2, width, 4), conv(width, width, 2), conv(width, width, 2)])
        self.verdict = torch.nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, x):
        seen = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.1)
            seen.append(x)
        return seen + [self.verdict(x)]


class Adversary(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.critics = torch.nn.ModuleList([Critic() for _ in WINDOWS])
        for n_fft in WINDOWS:
            self.register_buffer(f"window_{n_fft}", torch.hann_window(n_fft) * 4 / n_fft)

    def spectrum(self, audio, n_fft):
        x = torch.stft(audio, n_fft, n_fft // 4, window=getattr(self, f"window_{n_fft}"), return_complex=True, pad_mode="constant")
        factor = (x.real ** 2 + x.imag ** 2 + 1e-8) ** ((COMPRESSION - 1) / 2)
        return torch.stack([x.real * factor, x.imag * factor], 1).transpose(2, 3)

    def forward(self, audio):
        """[B, S] -> a list of maps for each critic; on CUDA the convolutions run in bf16."""
        spectra = [self.spectrum(audio, n) for n in WINDOWS]
        with torch.autocast(audio.device.type, torch.bfloat16, enabled=audio.is_cuda):
            return [critic(x) for critic, x in zip(self.critics, spectra)]


def critics_loss(adversary, made, real):
    """What the critics learn from: [B, S] twice -> scalar, 0.5 when they know nothing."""
    both = adversary(torch.cat([made.detach(), real]))
    verdicts = [maps[-1].float().chunk(2) for maps in both]
    return sum((m ** 2).mean() + ((r - 1) ** 2).mean() for m, r in verdicts) / len(verdicts)


def adversarial_loss(adversary, made, real):
    """What the decoder learns from: [B, S] twice -> (verdict loss, feature distance relative to the real maps)."""
    with torch.no_grad():
        wanted = adversary(real)
    verdict = feature = 0.0
    for seen, target in zip(adversary(made), wanted):
        verdict = verdict + ((seen[-1].float() - 1) ** 2).mean()
        for a, b in zip(seen[:-1], target[:-1]):
            feature = feature + (a.float() - b.float()).abs().mean() / (b.float().abs().mean() + 1e-3)
    return verdict / len(WINDOWS), feature / len(WINDOWS) / 3
