"""Writes golden.json beside this file with Pillow and NumPy: small image files in every spelling that readers meet, and
what Pillow makes of them and of resizes and colour changes. Run it only to add a case."""
import base64, io, json, os, struct, zlib
import numpy as np
from PIL import Image, ImageEnhance, ImageOps

files, images = {}, {}

def keep(name, array):
    array = np.asarray(array)
    assert array.dtype == np.uint8
    images[name] = dict(width=array.shape[1], height=array.shape[0], channels=1 if array.ndim == 2 else array.shape[2],
                        pixels=base64.b64encode(array.tobytes()).decode())

def write(name, data):
    files[name] = base64.b64encode(data).decode()

def saved(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()

rng = np.random.default_rng(1)

def picture(height, width, channels=3):
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 90 * np.sin(x / (3 + c) + c) * np.cos(y / (4 - c)) for c in range(channels)]
    noisy = np.stack(planes, -1) + rng.normal(0, 18, (height, width, channels))
    return np.clip(noisy, 0, 255).astype(np.uint8)

# Resizes, both filters.
source = picture(30, 40)
keep("source", source)
grey = Image.fromarray(source).convert("L")
keep("grey", grey)
for size in [(17, 13), (80, 55), (20, 30), (40, 15), (7, 64), (1, 1)]:
    for name, filter in [("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC)]:
        keep(f"resize-{name}-{size[0]}x{size[1]}", Image.fromarray(source).resize(size, filter))
keep("resize-grey-bicubic-19x23", grey.resize((19, 23), Image.BICUBIC))

# Colour.
image = Image.fromarray(source)
keep("brightness", ImageEnhance.Brightness(image).enhance(1.4))
keep("contrast", ImageEnhance.Contrast(image).enhance(0.6))
keep("contrast-up", ImageEnhance.Contrast(image).enhance(1.9))
keep("saturation", ImageEnhance.Color(image).enhance(1.7))
for shift in (25, -51):
    h, s, v = image.convert("HSV").split()
    h = Image.fromarray((np.asarray(h).astype(int) + shift & 255).astype(np.uint8))
    keep(f"hue{shift}", Image.merge("HSV", (h, s, v)).convert("RGB"))
matrix = [0.9, 0.3, -4.0, -0.2, 1.1, 2.5]
keep("affine", image.transform(image.size, Image.AFFINE, matrix, Image.BILINEAR))

# EXIF orientations.
small = Image.fromarray(picture(8, 12))
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(small, "JPEG", quality=95, subsampling=0, exif=exif)
    write(f"exif{orientation}.jpg", data)
    keep(f"exif{orientation}.jpg", ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
exif = Image.Exif()
exif[0x0112] = 6
data = saved(small, "PNG", exif=exif)
write("exif6.png", data)
keep("exif6.png", ImageOps.exif_transpose(Image.open(io.BytesIO(data))))

# JPEG: grey, progressive, subsampled, CMYK as Adobe writes it (inverted), YCCK, CMYK without the Adobe segment.
for name, data in {
    "grey.jpg": saved(small.convert("L"), "JPEG", quality=95),
    "progressive.jpg": saved(small, "JPEG", quality=95, subsampling=0, progressive=True),
    "subsampled.jpg": saved(Image.fromarray(source), "JPEG", quality=90, subsampling=2),
}.items():
    write(name, data)
    keep(name, Image.open(io.BytesIO(data)))
cmyk = saved(small.convert("CMYK"), "JPEG", quality=95)
write("cmyk.jpg", cmyk)
keep("cmyk.jpg", Image.open(io.BytesIO(cmyk)).convert("RGB"))
at = cmyk.index(b"\xff\xee")
length = struct.unpack(">H", cmyk[at + 2:at + 4])[0]
ycck = bytearray(cmyk)
ycck[at + 2 + length - 1] = 2
write("ycck.jpg", bytes(ycck))
keep("ycck.jpg", Image.open(io.BytesIO(bytes(ycck))).convert("RGB"))
plain = cmyk[:at] + cmyk[at + 2 + length:]
write("cmyk-plain.jpg", plain)
inks = Image.frombytes("CMYK", (12, 8), (255 - np.asarray(Image.open(io.BytesIO(plain)))).tobytes())
keep("cmyk-plain.jpg", inks.convert("RGB"))

# PNG: alpha over white, palettes, depths, interlacing.
def over_white(rgba):
    a = np.asarray(rgba).astype(int)
    color, alpha = a[..., :-1], a[..., -1:]
    out = (color * alpha + 255 * (255 - alpha) + 127) // 255
    return (out[..., 0] if out.shape[-1] == 1 else out).astype(np.uint8)

alpha = picture(8, 12, 1)
alpha[2:5] = 255
alpha[6] = 0
rgba = Image.fromarray(np.concatenate([np.asarray(small), alpha], -1))
la = Image.fromarray(np.concatenate([picture(8, 12, 1), alpha], -1))
palette = small.quantize(16)
write("rgb.png", saved(small, "PNG"))
keep("rgb.png", small)
write("grey.png", saved(small.convert("L"), "PNG"))
keep("grey.png", small.convert("L"))
write("rgba.png", saved(rgba, "PNG"))
keep("rgba.png", over_white(rgba))
write("la.png", saved(la, "PNG"))
keep("la.png", over_white(la))
write("palette.png", saved(palette, "PNG"))
keep("palette.png", palette.convert("RGB"))
data = saved(palette, "PNG", transparency=3)
write("palette-transparent.png", data)
keep("palette-transparent.png", over_white(Image.open(io.BytesIO(data)).convert("RGBA")))
bits = small.convert("1")
write("one-bit.png", saved(bits, "PNG"))
keep("one-bit.png", bits.convert("L"))

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

def png(width, height, depth, color, rows, interlace=0):
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

for name, channels, color in [("rgb16.png", 3, 2), ("grey16.png", 1, 0)]:
    deep = rng.integers(0, 65536, (5, 6, channels))
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)
    write(name, png(6, 5, 16, color, rows))
    eight = np.rint(deep * 255 / 65535).astype(np.uint8)
    keep(name, eight if channels == 3 else eight[..., 0])
rows = b""
array = np.asarray(small)
for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
    for row in array[y0::dy, x0::dx]:
        if row.size: rows += b"\0" + row.tobytes()
write("interlaced.png", png(12, 8, 8, 2, rows, 1))
keep("interlaced.png", array)

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.json"), "w") as out:
    json.dump(dict(files=files, images=images), out, indent=0, sort_keys=True)
    out.write("\n")
