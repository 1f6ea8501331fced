"""Images with labels in memory, and what training does to them, as the trainer does it."""
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

IGNORED = 255
PARTS = {"train": ["train"], "validation": ["validation", "val"], "test": ["test"]}


def pairs(folder, limit=None):
    """Images [3, H, W] and labels [H, W], bytes, of a part in the order of their names."""
    images = {path.stem: path for path in (folder / "images").iterdir() if not path.name.startswith(".")}
    found = []
    for label in sorted((folder / "labels").glob("*.png"))[:limit]:
        if label.stem not in images:
            sys.exit(f"error: {label}: there is no image of this name in {folder / 'images'}")
        image = np.array(Image.open(images[label.stem]).convert("RGB"))
        mask = np.array(Image.open(label)).astype(np.uint8)
        if image.shape[:2] != mask.shape:
            sys.exit(f"error: {label}: the label has {mask.shape} pixels, its image {image.shape[:2]}")
        found.append((torch.from_numpy(image).permute(2, 0, 1).contiguous(), torch.from_numpy(mask)))
    return found


def class_count(folder, train):
    """As many as classes.txt names, or as the labels have."""
    file = folder / "classes.txt"
    if file.exists():
        lines = [line.split() for line in file.read_text().splitlines() if line.strip()]
        # A line is `index name` or `name`; the ignored value has no place among the classes.
        return sum(line[0] != str(IGNORED) for line in lines)
    return 1 + max(int(mask[mask != IGNORED].max()) for _, mask in train if (mask != IGNORED).any())


def scaled(image, mask, size):
    """Both in another size: bilinear and antialiased, and by the nearest pixel."""
    if list(mask.shape) == list(size):
        return image, mask
    image = F.interpolate(image[None].float(), size=size, mode="bilinear", antialias=True, align_corners=False)
    mask = F.interpolate(mask[None, None], size=size, mode="nearest-exact")
    return image[0].round().clamp(0, 255).to(torch.uint8), mask[0, 0]


def fitted(image, mask, size, fit):
    """Both in the size of the model's input: stretched, or covering it with what sticks out cut off evenly."""
    if fit == "stretch":
        return scaled(image, mask, size)
    factor = max(side / have for side, have in zip(size, mask.shape))
    image, mask = scaled(image, mask, [max(side, round(have * factor)) for side, have in zip(size, mask.shape)])
    y, x = ((have - side) // 2 for side, have in zip(size, mask.shape))
    return image[:, y:y + size[0], x:x + size[1]].contiguous(), mask[y:y + size[0], x:x + size[1]].contiguous()


class Data:
    """The parts by name, how many classes there are, mean and deviation of the training images' pixels, 0 to 1."""

    def __init__(self, arguments):
        folder = pathlib.Path(arguments.data)
        self.parts = {}
        for part, names in PARTS.items():
            there = [folder / name for name in names if (folder / name / "labels").is_dir()]
            self.parts[part] = pairs(there[0], arguments.limit or None) if there else []
        train = self.parts["train"]
        if not train:
            sys.exit(f"error: {folder}: there are no pairs of images and labels in train/images and train/labels")
        self.classes = arguments.classes or class_count(folder, train)
        if arguments.resize:
            train = self.parts["train"] = [
                fitted(image, mask, arguments.resize, arguments.resize_by) for image, mask in train]
        mean, deviation = arguments.mean, arguments.deviation
        if not mean:
            sums, squares, pixels = torch.zeros(3).double(), torch.zeros(3).double(), 0
            for image, _ in train:
                values = image.double().flatten(1) / 255
                sums += values.sum(1)
                squares += values.square().sum(1)
                pixels += values.shape[1]
            mean = sums / pixels
            deviation = (squares / pixels - mean.square()).clamp(min=1e-12).sqrt()
        self.mean, self.deviation = (torch.as_tensor(values).float().view(3, 1, 1) for values in (mean, deviation))

    def normalized(self, images):
        return (images.float() / 255 - self.mean) / self.deviation


class Augmentation:
    """A random size, a random crop of the padded image, a flip, other colors."""

    def __init__(self, arguments, data):
        self.scales, self.box = arguments.scales, arguments.scale_fit
        self.crop, self.padding, self.class_share = arguments.crop, arguments.padding, arguments.class_share
        self.flip, self.photometric = arguments.flip, arguments.photometric
        self.fill = (data.mean * 255).round() if arguments.fill == "mean" else torch.zeros(3, 1, 1)
        self.fill = self.fill.to(torch.uint8)

    def __call__(self, image, mask, generator):
        if self.scales:
            factor = generator.uniform(*self.scales)
            if self.box:
                factor *= min(max(self.box) / max(mask.shape), min(self.box) / min(mask.shape))
            image, mask = scaled(image, mask, [max(1, int(side * factor + 0.5)) for side in mask.shape])
        if self.crop:
            image, mask = self.cropped(image, mask, generator)
        if self.flip and generator.random() < self.flip:
            image, mask = image.flip(2), mask.flip(1)
        if self.photometric:
            image = distorted(image, generator)
        return image, mask

    def cropped(self, image, mask, generator):
        height, width = self.crop
        pad = self.padding
        bottom, right = (max(0, side - 2 * pad - have) for side, have in zip(self.crop, mask.shape))
        if pad or bottom or right:
            canvas = self.fill.expand(3, mask.shape[0] + 2 * pad + bottom, mask.shape[1] + 2 * pad + right).clone()
            canvas[:, pad:pad + mask.shape[0], pad:pad + mask.shape[1]] = image
            image, mask = canvas, F.pad(mask, (pad, pad + right, pad, pad + bottom), value=IGNORED)
        for _ in range(11):
            y = int(generator.integers(mask.shape[0] - height + 1))
            x = int(generator.integers(mask.shape[1] - width + 1))
            part = mask[y:y + height, x:x + width]
            if self.class_share >= 1:
                break
            counts = torch.bincount(part[part != IGNORED].long(), minlength=1)
            if counts.max() < self.class_share * counts.sum():
                break
        return image[:, y:y + height, x:x + width], part


def distorted(image, generator):
    """Photometric distortion as in mmsegmentation: each of its parts half of the time, contrast before or after the
    colors."""
    x = image.float()
    chance = lambda: generator.random() < 0.5
    if chance():
        x = (x + generator.uniform(-32, 32)).clamp(0, 255)
    first = chance()
    if first and chance():
        x = (x * generator.uniform(0.5, 1.5)).clamp(0, 255)
    saturation = generator.uniform(0.5, 1.5) if chance() else 1
    hue = generator.uniform(-0.1, 0.1) if chance() else 0
    if saturation != 1 or hue:
        x = recolored(x, saturation, hue)
    if not first and chance():
        x = (x * generator.uniform(0.5, 1.5)).clamp(0, 255)
    return x.round().to(torch.uint8)


def recolored(x, saturation, turn):
    """Colors [3, H, W] of another saturation and hue, by way of hue, saturation and value."""
    value, largest = x.max(0)
    chroma = value - x.min(0).values
    red, green, blue = x
    safe = chroma.clamp(min=1e-6)
    sectors = torch.stack([(green - blue) / safe % 6, (blue - red) / safe + 2, (red - green) / safe + 4])
    hue = sectors.gather(0, largest[None])[0] / 6 + turn
    share = (chroma / value.clamp(min=1e-6) * saturation).clamp(0, 1)
    places = [(offset + hue * 6) % 6 for offset in (5, 3, 1)]
    return torch.stack([value - value * share * torch.minimum(k, 4 - k).clamp(0, 1) for k in places])
