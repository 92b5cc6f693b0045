"""What the decoder is trained on: log-mel and log-magnitude distances over six window lengths, the distance of the
log envelope every 0.6 ms, which is what holds the silence before attacks, and that of the plain one in attacks."""
import torch
import torch.nn.functional as F

from codec_features import mel_matrix

RESOLUTIONS = ((128, 12), (256, 24), (512, 40), (1024, 64), (2048, 96), (4096, 128))
FLOOR = 1e-5                # amplitude, -100 dB


class SpectralLoss(torch.nn.Module):
    def __init__(self):
        super().__init__()
        for n_fft, bands in RESOLUTIONS:
            self.register_buffer(f"mel_{n_fft}", mel_matrix(n_fft, bands))
            self.register_buffer(f"window_{n_fft}", torch.hann_window(n_fft) * 4 / n_fft)

    def magnitude(self, audio, n_fft):
        spectrum = torch.stft(audio, n_fft, n_fft // 4, window=getattr(self, f"window_{n_fft}"),
                              return_complex=True, pad_mode="constant")
        return torch.sqrt(spectrum.real ** 2 + spectrum.imag ** 2 + 1e-12)     # [B, bins, frames]

    def forward(self, made, real):
        """[B, S] twice -> scalar, about nepers."""
        total = 0.0
        for n_fft, _ in RESOLUTIONS:
            a, b = self.magnitude(made, n_fft), self.magnitude(real, n_fft)
            mel = getattr(self, f"mel_{n_fft}").T
            log_a, log_b = torch.log((mel @ a ** 2) + 1e-9), torch.log((mel @ b ** 2) + 1e-9)
            total = total + 0.5 * F.l1_loss(log_a, log_b) + 0.1 * F.l1_loss(torch.log(a + 1e-4), torch.log(b + 1e-4))
            # relative error where the energy is: keeps the level of the loud partials
            total = total + 0.3 * (a - b).abs().sum((1, 2)).div(b.sum((1, 2)) + 0.1).mean()
        return total / len(RESOLUTIONS)


def envelope_loss(made, real):
    """Mean |difference| of log energy in 60-sample windows every 30, weighted to where the level moves quickly."""
    log_energy = lambda x: torch.log(F.avg_pool1d(x[:, None] ** 2, 60, 30)[:, 0] + 1e-8)
    a, b = log_energy(made), log_energy(real)
    smooth = F.avg_pool1d(b[:, None], 17, 1, 8, count_include_pad=False)[:, 0]
    weight = 1.0 + (b - smooth).abs().clamp(max=4.0)
    return (weight * (a - b).abs()).mean() * 0.5


def attack_loss(made, real):
    """Mean |difference| of the amplitude in 1 ms windows every 0.25 ms, relative to the peak of the next 20 ms, where
    that peak stands at least 12 dB over the 10 ms before: the shape of the rise, as it is measured."""
    amplitude = lambda x: torch.sqrt(F.avg_pool1d(x[:, None] ** 2, 48, 12)[:, 0] + 1e-9)
    a, b = amplitude(made), amplitude(real)
    after = F.max_pool1d(F.pad(b[:, None], (0, 79)), 80, 1)[:, 0]
    before = F.avg_pool1d(F.pad(b[:, None], (40, 0)), 40, 1)[:, 0, :-1]
    weight = (1 - 4 * before / after).clamp(min=0) * (after > 1e-3)
    return (weight * (a - b).abs() / after).sum() / (weight.sum() + 100)


class Distance(torch.nn.Module):
    """The three of them added up, and each by name for the log."""

    def __init__(self):
        super().__init__()
        self.spectral = SpectralLoss()

    def forward(self, made, real):
        parts = {"spectral": self.spectral(made, real), "envelope": envelope_loss(made, real), "attack": attack_loss(made, real)}
        return parts["spectral"] + 0.3 * parts["envelope"] + 1.0 * parts["attack"], parts
