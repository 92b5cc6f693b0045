"""The sync net: 112x64 luma frames -> per frame (onset probability, intensity, x, y) and what kind of event it is.

forward(frames f32 [B, T, 64, 112] in 0..1) -> events f32 [B, T, 4], kinds f32 [B, T, 6] (shares of KINDS, sum 1).
Channels per frame: tanh(12 x luma difference) at t-1, t, t+1, t+2 and the luma without its mean. A small convolution net
with two temporal shifts gives a 4x7 grid of cells; each cell's time course is read by depthwise temporal convolutions plus
the mean of all cells (what the camera does); log-sum-exp over the cells decides, and the weights of that sum say where,
how hard and what. Receptive field: REACH frames each side. A net may see 56x32 instead (`size`); its last stride is 1 then.
"""
import torch
from torch import nn
from torch.nn import functional as F

DILATIONS = (1, 2, 4, 8)
KINDS = ("hit", "scrape", "step", "bounce", "splash", "shot")
SIZE = (64, 112)  # rows, columns
REACH = 2 + 2 + 2 * sum(DILATIONS)  # differences, temporal shifts, five-tap convolutions


def conv(cin, cout, k, stride):
    return nn.Sequential(nn.Conv2d(cin, cout, k, stride, k // 2, bias=False), nn.BatchNorm2d(cout), nn.ReLU())


def shift(x, b, t):
    """Temporal shift: an eighth of the channels from the frame before, an eighth from the frame after. x [B*T, C, h, w]."""
    n, c, h, w = x.shape
    x = x.reshape(b, t, c, h, w)
    k = c // 8
    zero = x[:, :1, :k] * 0
    past = torch.cat([zero, x[:, :-1, :k]], 1)
    future = torch.cat([x[:, 1:, k:2 * k], zero], 1)
    return torch.cat([past, future, x[:, :, 2 * k:]], 2).reshape(b * t, c, h, w)


class TimeBlock(nn.Module):
    """Depthwise five-tap convolution over time in each cell, the cells' mean added, then mixed; residual."""

    def __init__(self, c, dilation):
        super().__init__()
        self.depth = nn.Conv1d(c, c, 5, padding=2 * dilation, dilation=dilation, groups=c)
        self.whole = nn.Conv1d(c, c, 1)
        self.mix = nn.Conv1d(c, c, 1)
        self.norm = nn.BatchNorm1d(c)

    def forward(self, x, cells):  # x [B*cells, C, T]
        y = self.depth(x)
        n, c, t = y.shape
        mean = y.reshape(n // cells, cells, c, t).mean(1)  # [B, C, T]
        y = y.reshape(n // cells, cells, c, t) + self.whole(mean)[:, None]
        return x + F.relu(self.norm(self.mix(F.relu(y.reshape(n, c, t)))))


class SyncNet(nn.Module):
    def __init__(self, widths=(24, 32, 48, 96), size=SIZE, dropout=0.1):
        super().__init__()
        a, b, c, d = widths
        self.widths, self.size = tuple(widths), tuple(size)
        self.c1, self.c2, self.c3, self.c4 = conv(5, a, 5, 2), conv(a, b, 3, 2), conv(b, c, 3, 2), conv(c, d, 3, 2 if self.size == SIZE else 1)
        self.more3, self.more4 = conv(c, c, 3, 1), conv(d, d, 3, 1)
        self.times = nn.ModuleList(TimeBlock(d, k) for k in DILATIONS)
        self.head, self.kind = nn.Conv1d(d, 2, 1), nn.Conv1d(d, len(KINDS), 1)
        self.drop = nn.Dropout(dropout)
        nn.init.constant_(self.head.bias, -6.0)
        cols, rows = torch.meshgrid(torch.arange(7), torch.arange(4), indexing="xy")
        where = torch.stack([(cols.reshape(-1) + 0.5) / 3.5 - 1, (rows.reshape(-1) + 0.5) / 2 - 1], 1)
        self.register_buffer("where", where, persistent=False)  # [28, 2]

    def trunk(self, frames):
        """What each frame and its neighbours look like, by cell: [B, T, C, 4, 7]."""
        b, t = frames.shape[0], frames.shape[1]
        first, last = frames[:, :1], frames[:, -1:]
        f = torch.cat([first, first, frames, last, last], 1)  # f[i] = frame i-2
        d = torch.tanh(12 * (f[:, 1:] - f[:, :-1]))  # d[i] = frame i-1 minus frame i-2; T+3 of them
        x = torch.stack([d[:, 0:-3], d[:, 1:-2], d[:, 2:-1], d[:, 3:], frames - frames.mean((2, 3), keepdim=True)], 2)
        x = x.reshape(b * t, 5, *self.size)
        x = self.c3(self.c2(self.c1(x)))
        x = x + self.more3(shift(x, b, t))
        x = self.c4(x)
        x = x + self.more4(shift(x, b, t))
        return x.reshape(b, t, -1, 4, 7)

    def read(self, x):
        """Trunk [B, T, C, 4, 7] -> onset and intensity logits of every cell, each [B, T, 28], and logits of the kinds [B, T, 28, 6]."""
        b, t, c = x.shape[:3]
        x = x.reshape(b, t, c, 28).permute(0, 3, 2, 1).reshape(b * 28, c, t)
        for block in self.times:
            x = block(x, 28)
        x = self.drop(x)
        by_cell = lambda y: y.reshape(b, 28, -1, t).permute(0, 3, 1, 2)  # [B, T, 28, outputs]
        y = by_cell(self.head(x))
        return y[..., 0], y[..., 1], by_cell(self.kind(x))

    @staticmethod
    def pool(onset):
        """Cell logits [B, T, 28] -> picture logit [B, T] and the cells' shares [B, T, 28]."""
        return torch.logsumexp(onset, 2), torch.softmax(onset, 2)

    def forward(self, frames):
        onset, hard, kind = self.read(self.trunk(frames))
        logit, share = self.pool(onset)
        intensity = torch.sigmoid((share * hard).sum(2))
        xy = share @ self.where  # [B, T, 2]
        kinds = torch.softmax((share[..., None] * kind).sum(2), 2)
        probability = torch.sigmoid(logit)
        return torch.cat([probability[..., None], intensity[..., None], xy], 2), kinds
