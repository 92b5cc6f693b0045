"""Frames of a clip as the semantic tower wants them: short side to 256, centre 224x224, RGB, (v - 127) / 128."""
import subprocess

import numpy as np

SIZE, SHORT = 224, 256


def clip_frames(path, fps=2):
    """-> u8 [N,224,224,3] at `fps`, rotation flag honoured, resized with antialiasing (bicubic)."""
    crop = f"fps={fps},scale='if(gt(iw,ih),-2,{SHORT})':'if(gt(iw,ih),{SHORT},-2)':flags=bicubic,crop={SIZE}:{SIZE}"
    command = ["ffmpeg", "-v", "error", "-threads", "1", "-i", str(path), "-an", "-vf", crop, "-pix_fmt", "rgb24", "-f", "rawvideo", "-"]
    raw = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, SIZE, SIZE, 3)


def frame_pixels(frames):
    """u8 [N,H,W,3] -> f32 [N,3,H,W]."""
    return ((frames.astype(np.float32) - 127) / 128).transpose(0, 3, 1, 2).copy()


def clip_probabilities(session, path, fps=2):
    """-> mean class probabilities f32 [1000] and the number of frames."""
    pixels = frame_pixels(clip_frames(path, fps))
    rows = [session.run(None, {"pixels": pixels[i:i + 8]})[0] for i in range(0, len(pixels), 8)]
    return np.concatenate(rows).mean(0), len(pixels)
