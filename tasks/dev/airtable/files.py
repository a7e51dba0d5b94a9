"""Small generated files: a soft pattern for pictures, a gentle tone for sound."""

import colorsys
import io
import math
import struct
import wave
import zlib
from functools import lru_cache


def file_for(filename: str) -> tuple[bytes, str]:
    """Return the bytes and the media type served for a file of this name."""
    name = filename.lower()
    if name.endswith(".svg"):
        return svg(name), "image/svg+xml"
    if name.endswith((".png", ".jpg", ".jpeg", ".webp", ".gif")):
        return png(name), "image/png"
    return wav(name), "audio/wav"


def _colour(seed: str, lightness: float) -> tuple[int, int, int]:
    hue = (zlib.crc32(seed.encode()) % 360) / 360
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.45)
    return round(red * 255), round(green * 255), round(blue * 255)


def svg(seed: str) -> bytes:
    """Draw a rising sun in a colour of its own."""
    dark, light = ("#" + bytes(_colour(seed, x)).hex() for x in (0.45, 0.8))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512">'
        f'<rect width="512" height="512" fill="{light}"/>'
        f'<circle cx="256" cy="300" r="130" fill="{dark}"/></svg>'
    ).encode()


@lru_cache(maxsize=256)
def png(seed: str, size: int = 128) -> bytes:
    """Draw a vertical gradient in a colour of its own."""
    rows = bytearray()
    for y in range(size):
        rows += b"\0" + bytes(_colour(seed, 0.85 - 0.4 * y / size)) * size
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@lru_cache(maxsize=64)
def wav(seed: str, seconds: int = 2, rate: int = 8000) -> bytes:
    """Play a tone of its own pitch that fades in and out."""
    pitch = 220 + zlib.crc32(seed.encode()) % 220
    total = seconds * rate
    samples = [
        round(8000 * math.sin(math.pi * i / total) * math.sin(2 * math.pi * pitch * i / rate))
        for i in range(total)
    ]
    target = io.BytesIO()
    with wave.open(target, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(struct.pack(f"<{total}h", *samples))
    return target.getvalue()
