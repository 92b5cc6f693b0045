"""Drawing for the synthetic scenes: grey pictures of 112 x 64 pixels made with numpy and OpenCV.

World units: picture height = 1, so x runs 0..1.75 and y 0..1 (down). A View holds the canvas and the camera's
2x3 matrix from world units to pixels; every shape is given in world units and drawn with sub-pixel precision.
"""
import cv2
import numpy as np

W, H, ASPECT = 112, 64, 1.75
SHIFT = 4  # fractional bits of OpenCV's fixed-point coordinates
cv2.setNumThreads(1)


def noise_texture(rng, height, width, roughness=None):
    """Sum of octaves of smoothed noise, mean 0, spread about 1; f32 [height, width]."""
    roughness = rng.uniform(0.35, 0.95) if roughness is None else roughness
    out, amp, n = np.zeros((height, width), np.float32), 1.0, int(rng.integers(2, 5))
    while n < height * 1.5:
        grid = rng.standard_normal((max(2, n * height // width + 1), n + 1)).astype(np.float32)
        out += amp * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        amp, n = amp * roughness, n * 2
    return out / (out.std() + 1e-6)


def background(rng, height=112, width=196):
    """A still picture larger than the view: gradient, octave noise, stripes, boxes, ellipses, lines; u8 [height, width]."""
    base, contrast = rng.uniform(25, 215), rng.uniform(2, 38)
    yy, xx = np.mgrid[0:height, 0:width].astype(np.float32)
    img = base + contrast * noise_texture(rng, height, width)
    img += rng.normal(0, 30) * (yy / height - 0.5) + rng.normal(0, 25) * (xx / width - 0.5)
    if rng.random() < 0.3:  # stripes: planks, blinds, tiles, keyboards
        a, f = rng.uniform(0, np.pi), rng.uniform(0.15, 1.2)
        s = np.sin(f * (np.cos(a) * xx + np.sin(a) * yy))
        img += rng.uniform(4, 25) * (np.sign(s) if rng.random() < 0.5 else s)
    if rng.random() < 0.45:  # a floor or a table with another look
        y0 = int(rng.uniform(0.4, 0.9) * height)
        img[y0:] = rng.uniform(20, 230) + rng.uniform(1, 22) * noise_texture(rng, height - y0, width)
    img = np.clip(img, 0, 255).astype(np.uint8)
    for _ in range(int(rng.integers(0, 14))):
        c, lv = (int(rng.uniform(0, width)), int(rng.uniform(0, height))), int(rng.uniform(5, 250))
        kind = rng.random()
        if kind < 0.5:
            w2, h2 = rng.uniform(2, 30), rng.uniform(2, 22)
            box = cv2.boxPoints(((c[0], c[1]), (w2, h2), rng.choice([0, 0, rng.uniform(0, 90)])))
            cv2.fillPoly(img, [np.int32(box)], lv, cv2.LINE_AA)
        elif kind < 0.75:
            cv2.ellipse(img, c, (int(rng.uniform(2, 16)), int(rng.uniform(2, 16))), rng.uniform(0, 180), 0, 360, lv, -1, cv2.LINE_AA)
        else:
            cv2.line(img, c, (int(rng.uniform(0, width)), int(rng.uniform(0, height))), lv, int(rng.integers(1, 4)), cv2.LINE_AA)
    if rng.random() < 0.2:  # lettering, tiles: much detail in a small place
        x, y, lv = int(rng.uniform(0, 0.6) * width), int(rng.uniform(0.2, 0.9) * height), int(rng.choice([rng.uniform(0, 60), rng.uniform(180, 255)]))
        for row in range(int(rng.integers(1, 4))):
            word = "".join(rng.choice(list("ABCDEFGHKLMNORSTUVXZ0458 "), rng.integers(3, 12)))
            cv2.putText(img, word, (x, y + row * 16), int(rng.integers(0, 4)), rng.uniform(0.3, 0.9), lv, int(rng.integers(1, 3)), cv2.LINE_AA)
    return cv2.GaussianBlur(img, (0, 0), rng.uniform(0.4, 3.0)) if rng.random() < 0.6 else img


class Sprite:
    """A textured shape with soft edges: lum and alpha f32 [n, n], covering `size` world units."""

    def __init__(self, rng, size, kind=None, ratio=None, level=None):
        n = 40
        self.size = size
        level = rng.uniform(15, 240) if level is None else level
        mask = np.zeros((n, n), np.uint8)
        kind = kind or rng.choice(["ellipse", "box", "poly"])
        ratio = rng.uniform(0.45, 1.0) if ratio is None else ratio
        half = n * 0.44
        if kind == "ellipse":
            cv2.ellipse(mask, (n // 2, n // 2), (int(half), max(2, int(half * ratio))), 0, 0, 360, 255, -1, cv2.LINE_AA)
        elif kind == "box":
            r = max(2, int(half * ratio))
            cv2.rectangle(mask, (n // 2 - int(half), n // 2 - r), (n // 2 + int(half), n // 2 + r), 255, -1)
        else:
            k = int(rng.integers(5, 10))
            ang = np.sort(rng.uniform(0, 2 * np.pi, k))
            rad = half * rng.uniform(0.55, 1.0, k)
            pts = np.stack([n / 2 + rad * np.cos(ang), n / 2 + ratio * rad * np.sin(ang)], 1)
            cv2.fillPoly(mask, [np.int32(pts)], 255, cv2.LINE_AA)
        lum = level + rng.uniform(1, 22) * noise_texture(rng, n, n)
        lum += rng.normal(0, 16) * (np.mgrid[0:n, 0:n][0] / n - 0.5)
        if rng.random() < 0.4:  # markings
            for _ in range(int(rng.integers(1, 4))):
                cv2.ellipse(lum, (int(rng.uniform(5, n - 5)), int(rng.uniform(5, n - 5))), (int(rng.uniform(2, 9)), int(rng.uniform(2, 9))),
                            rng.uniform(0, 180), 0, 360, rng.uniform(5, 250), -1)
        self.alpha = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), 0.8)
        self.lum = np.clip(lum, 0, 255).astype(np.float32)
        self.n = n


class View:
    """Canvas u8 [64, 112] seen through a camera (matrix f64 [2, 3], zoom in pixels per world unit)."""

    def __init__(self, back, matrix, zoom):
        # the background's own pixels: its centre lies at the world's centre, 64 px per unit
        self.m, self.zoom = matrix, zoom
        bh, bw = back.shape
        to_world = np.array([[1 / 64, 0, ASPECT / 2 - bw / 128], [0, 1 / 64, 0.5 - bh / 128], [0, 0, 1]])
        full = np.vstack([matrix, [0, 0, 1]]) @ to_world
        self.img = cv2.warpAffine(back, full[:2], (W, H), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)

    def px(self, pts):
        """World points [n, 2] -> pixels [n, 2]."""
        p = np.asarray(pts, np.float64).reshape(-1, 2)
        return p @ self.m[:, :2].T + self.m[:, 2]

    def limb(self, pts, width, level):
        """A thick polyline with round joints (arm, leg, stick), some with a lit side, some with a sleeve; the level decides which."""
        p = np.clip(self.px(pts), -2000, 2000)
        line = lambda q, thick, lv: cv2.polylines(self.img, [np.int32(np.round(q * (1 << SHIFT)))], False, float(np.clip(lv, 0, 255)), max(1, int(round(thick))), cv2.LINE_AA, SHIFT)
        thick, look = width * self.zoom, np.modf(np.abs(level) * np.array([7.31, 3.17, 11.9, 5.03]))[0]  # four numbers 0..1 of its own
        line(p, thick, level)
        if look[0] < 0.6 and thick > 2.5:
            line(p + thick * 0.22 * np.array([-1, -1 if look[2] < 0.5 else 1]), thick * 0.45, level + 90 * (look[1] - 0.4))
        if look[2] < 0.4 and len(p) > 1:
            end = p[-2] + (p[-1] - p[-2]) * look[3]
            line(np.concatenate([p[:-1], end[None]]), thick * 1.12, level + 240 * (look[1] - 0.5))

    def blob(self, centre, rx, ry, angle_deg, level, shade=0.0):
        """A filled ellipse; shade lightens an inner ellipse towards the upper left."""
        c = np.clip(self.px(centre)[0], -2000, 2000)
        def ellipse(at, f, lv):
            cv2.ellipse(self.img, tuple(int(round(v * (1 << SHIFT))) for v in at),
                        (max(1, int(rx * f * self.zoom * (1 << SHIFT))), max(1, int(ry * f * self.zoom * (1 << SHIFT)))),
                        float(angle_deg), 0, 360, float(np.clip(lv, 0, 255)), -1, cv2.LINE_AA, SHIFT)
        ellipse(c, 1.0, level)
        if shade:
            ellipse(c - 0.25 * np.array([rx, ry]) * self.zoom, 0.55, level + shade)

    def poly(self, pts, level):
        q = np.int32(np.round(np.clip(self.px(pts), -2000, 2000) * (1 << SHIFT)))
        cv2.fillPoly(self.img, [q], float(level), cv2.LINE_AA, SHIFT)

    def sprite(self, spr, centre, angle_rad=0.0, scale=1.0, opacity=1.0):
        """Blend a Sprite, only inside its bounding box."""
        s = spr.size * scale * self.zoom / spr.n
        c = self.px(centre)[0]
        r = int(np.ceil(s * spr.n * 0.72)) + 1
        x0, y0, x1, y1 = max(0, int(c[0]) - r), max(0, int(c[1]) - r), min(W, int(c[0]) + r + 1), min(H, int(c[1]) + r + 1)
        if x1 <= x0 or y1 <= y0 or s <= 0:
            return
        co, si = np.cos(angle_rad) * s, np.sin(angle_rad) * s
        half = spr.n / 2 - 0.5
        m = np.array([[co, -si, c[0] - x0 - co * half + si * half], [si, co, c[1] - y0 - si * half - co * half]])
        size = (x1 - x0, y1 - y0)
        a = cv2.warpAffine(spr.alpha, m, size, flags=cv2.INTER_LINEAR) * opacity
        l = cv2.warpAffine(spr.lum, m, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        roi = self.img[y0:y1, x0:x1]
        self.img[y0:y1, x0:x1] = (roi + a * (l - roi)).astype(np.uint8)
