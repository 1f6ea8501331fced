#!/usr/bin/env python3
"""Draws the pictures of Docs/Convolutions.md: what is read, the taps of the kernel, and what comes out.

    Scripts/draw_convolutions.py                    all of them
    Scripts/draw_convolutions.py --only dilated     one of them

Each is a plain SVG file, Docs/images/convolution-<name>.svg, that reads on light and dark pages.
"""
import argparse
import pathlib
from html import escape

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Docs" / "images"
PICTURES = {}

# What is read, the taps, the result, zeros that are added, and three groups of channels.
LIGHT = {"cell": "#f6f8fa", "tap": "#54aeff", "out": "#4ac26b", "zero": "#ffffff", "a": "#80ccff", "b": "#ffc680",
         "c": "#c297ff", "weight": "#ffd33d"}
DARK = {"cell": "#161b22", "tap": "#1f6feb", "out": "#238636", "zero": "#0d1117", "a": "#1158c7", "b": "#9b4215",
        "c": "#6e40c9", "weight": "#9e6a03"}


def fills(colors):
    return "".join(f".{name}{{fill:{color}}}" for name, color in colors.items())


STYLE = f"""<style>
text{{font:12px system-ui,sans-serif;fill:#24292f}}.title{{font-weight:600;font-size:13px}}.quiet{{fill:#6e7781}}
.number{{font-size:11px}}.page{{fill:#fff}}rect{{stroke:#8c959f;stroke-width:1}}.page,.zero{{stroke:none}}
.zero{{stroke:#afb8c1;stroke-dasharray:2 2}}.frame{{fill:none;stroke:#24292f;stroke-width:2}}
.arrow{{stroke:#57606a;stroke-width:1.5;fill:none}}.head{{fill:#57606a;stroke:none}}{fills(LIGHT)}
@media(prefers-color-scheme:dark){{text{{fill:#e6edf3}}.quiet{{fill:#9198a1}}.page{{fill:#0d1117}}rect{{stroke:#656c76}}
.page{{stroke:none}}.zero{{stroke:#3d444d}}.frame{{stroke:#e6edf3}}.arrow{{stroke:#9198a1}}.head{{fill:#9198a1}}{fills(DARK)}}}
</style>"""


class Picture:
    """Grids, stacks of them, arrows and words, placed in pixels."""

    def __init__(self, title, width=680, height=220):
        self.width, self.height = width, height
        self.title = title
        self.parts = [f'<text class="title" x="16" y="22">{escape(title)}</text>']

    def text(self, x, y, words, anchor="middle", kind=""):
        name = f' class="{kind}"' if kind else ""
        self.parts.append(f'<text{name} x="{x:g}" y="{y:g}" text-anchor="{anchor}">{escape(str(words))}</text>')

    def cell(self, x, y, size, kind):
        self.parts.append(f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{size:g}" height="{size:g}"/>')

    def grid(self, x, y, rows, columns, size, kind=lambda r, c: "cell", number=None):
        """`kind` gives the color of a cell, `number` what stands in it."""
        for r in range(rows):
            for c in range(columns):
                self.cell(x + c * size, y + r * size, size, kind(r, c))
                if number is not None and (words := number(r, c)) != "":
                    self.text(x + (c + 0.5) * size, y + (r + 0.5) * size + 4, words, kind="number")

    def stack(self, x, y, depth, rows, columns, size, kind=lambda d, r, c: "cell", step=9):
        """Grids behind each other, number 0 in front; x and y are its upper left corner."""
        for d in reversed(range(depth)):
            self.grid(x + d * step, y - d * step, rows, columns, size, lambda r, c: kind(d, r, c))

    def frame(self, x, y, width, height):
        self.parts.append(f'<rect class="frame" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}"/>')

    def arrow(self, x, y, length, words=""):
        self.parts.append(f'<path class="arrow" d="M{x:g} {y:g}h{length - 6:g}"/>')
        self.parts.append(f'<path class="head" d="M{x + length:g} {y:g}l-8 -4v8z"/>')
        if words:
            self.text(x + length / 2, y - 8, words, kind="quiet")

    def line(self, x1, y1, x2, y2):
        self.parts.append(f'<path class="arrow" d="M{x1:g} {y1:g}L{x2:g} {y2:g}"/>')

    def svg(self):
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
                f'height="{self.height}" role="img" aria-label="{escape(self.title, quote=True)}">\n{STYLE}\n'
                f'<rect class="page" width="{self.width}" height="{self.height}"/>\n' + "\n".join(self.parts) + "\n</svg>\n")


def picture(name):
    def register(draw):
        PICTURES[name] = draw
        return draw

    return register


def window(top, left, rows, columns, kind="tap"):
    """Colors the cells of a rectangle."""
    return lambda r, c: kind if top <= r < top + rows and left <= c < left + columns else "cell"


@picture("standard")
def standard():
    p = Picture("Every filter reads the window in all channels", height=230)
    p.stack(30, 82, 3, 5, 5, 22, lambda d, r, c: window(1, 1, 3, 3)(r, c))
    p.text(95, 215, "5x5, 3 channels")
    p.arrow(185, 130, 40)
    for row in range(3):
        p.stack(245 + 26 * row, 76 + 34 * row, 3, 3, 3, 11, lambda d, r, c: "weight", step=5)
    p.text(300, 215, "filters of 3x3x3")
    p.arrow(375, 130, 40, "sum")
    p.stack(440, 102, 6, 3, 3, 22, lambda d, r, c: "out" if (d, r, c) == (0, 1, 1) else "cell")
    p.text(500, 215, "3x3, a channel per filter")
    return p


@picture("flipped")
def flipped():
    p = Picture("Cross-correlation slides the kernel as it is; a convolution turns it first", height=250)
    signal, kernel = [1, 2, 3, 4, 5], ["a", "b", "c"]
    for x, taps, words in [(30, kernel, "cross-correlation: x1 a + x2 b + x3 c"),
                           (370, kernel[::-1], "convolution: x1 c + x2 b + x3 a")]:
        p.grid(x, 50, 1, 5, 44, lambda r, c: "tap" if 1 <= c <= 3 else "cell", lambda r, c: f"x{c}")
        p.grid(x + 44, 112, 1, 3, 44, lambda r, c: "weight", lambda r, c: taps[c])
        for c in range(3):
            p.line(x + 44 * (c + 1) + 22, 96, x + 44 * (c + 1) + 22, 110)
        p.line(x + 110, 158, x + 110, 176)
        p.cell(x + 88, 178, 44, "out")
        p.text(x + 110, 204, "y2", kind="number")
        p.text(x + 110, 242, words)
    p.arrow(285, 134, 60, "turned")
    return p


@picture("pointwise")
def pointwise():
    p = Picture("A 1x1 kernel mixes the channels of each pixel by itself", height=220)
    p.stack(40, 90, 4, 4, 4, 24, lambda d, r, c: "tap" if (r, c) == (1, 2) else "cell")
    p.text(105, 208, "4x4, 4 channels")
    p.arrow(195, 130, 40)
    for row in range(2):
        p.stack(265, 100 + 50 * row, 4, 1, 1, 20, lambda d, r, c: "weight", step=8)
    p.text(290, 208, "filters of 1x1x4")
    p.arrow(355, 130, 40, "sum")
    p.stack(425, 90, 2, 4, 4, 24, lambda d, r, c: "out" if (d, r, c) == (0, 1, 2) else "cell")
    p.text(480, 208, "4x4, 2 channels")
    return p


@picture("volume")
def volume():
    p = Picture("A kernel of volumes slides along three axes, so slices remain", height=260)
    p.stack(40, 125, 4, 4, 4, 24, lambda d, r, c: "tap" if d < 2 and r < 2 and c < 2 else "cell", step=16)
    p.text(110, 248, "4 slices of 4x4")
    p.arrow(215, 150, 40)
    p.stack(285, 140, 2, 2, 2, 24, lambda d, r, c: "weight", step=16)
    p.text(318, 248, "2x2x2")
    p.arrow(375, 150, 40, "sum")
    p.stack(445, 130, 3, 3, 3, 24, lambda d, r, c: "out" if (d, r, c) == (0, 0, 0) else "cell", step=16)
    p.text(500, 248, "3 slices of 3x3")
    return p


@picture("transposed")
def transposed():
    p = Picture("Each pixel times the kernel is added to a window of a larger map: stride 2, kernel 3x3", height=270)
    p.grid(30, 100, 2, 2, 34, lambda r, c: "tap" if (r, c) == (0, 1) else "cell", lambda r, c: [["1", "2"], ["3", "4"]][r][c])
    p.text(64, 256, "2x2")
    p.arrow(118, 134, 34, "times")
    p.grid(170, 92, 3, 3, 28, lambda r, c: "weight", lambda r, c: 3 * r + c + 1)
    p.text(212, 256, "kernel")
    p.arrow(275, 134, 40, "added")
    total = [[1, 2, 5, 4, 6], [4, 5, 14, 10, 12], [10, 14, 36, 24, 30], [12, 15, 34, 20, 24], [21, 24, 55, 32, 36]]
    p.grid(335, 62, 5, 5, 32, lambda r, c: "out" if r < 3 and c >= 2 else "cell", lambda r, c: total[r][c])
    p.frame(335 + 64, 62, 96, 96)
    p.text(415, 256, "5x5: where windows overlap, sums")
    return p


@picture("dilated")
def dilated():
    p = Picture("Gaps between nine taps: three layers with 1, 2 and 4 see 3, 7 and 15 pixels", width=720, height=330)
    size = 14
    for number, (dilation, x) in enumerate([(1, 20), (2, 255), (4, 490)]):
        middle = 7

        def kind(r, c, dilation=dilation, reach=[1, 3, 7][number]):
            down, right = r - middle, c - middle
            if max(abs(down), abs(right)) <= dilation and down % dilation == 0 and right % dilation == 0:
                return "tap"
            return "a" if max(abs(down), abs(right)) <= reach else "cell"

        p.grid(x, 60, 15, 15, size, kind)
        p.text(x + 15 * size / 2, 292, f"dilation {dilation}", kind="")
        p.text(x + 15 * size / 2, 312, f"sees {[3, 7, 15][number]}x{[3, 7, 15][number]}", kind="quiet")
    return p


@picture("spatially-separable")
def spatially_separable():
    p = Picture("A column, then a row: their product is a kernel of rank 1", height=240)
    p.grid(24, 70, 5, 5, 24, window(1, 1, 3, 1))
    p.text(84, 222, "5x5")
    p.arrow(155, 130, 26)
    p.grid(194, 94, 3, 1, 24, lambda r, c: "weight", lambda r, c: [1, 2, 1][r])
    p.arrow(228, 130, 26)
    p.grid(268, 94, 3, 5, 24, lambda r, c: "tap" if r == 0 and 1 <= c <= 3 else "cell")
    p.text(328, 222, "3x5: 45 products")
    p.arrow(398, 130, 26)
    p.grid(434, 118, 1, 3, 24, lambda r, c: "weight", lambda r, c: [-1, 0, 1][c])
    p.arrow(515, 130, 26)
    p.grid(556, 94, 3, 3, 24, window(0, 1, 1, 1, "out"))
    p.text(592, 222, "3x3: 27 more")
    return p


@picture("depthwise-separable")
def depthwise_separable():
    p = Picture("Space first, each channel with a kernel of its own; then channels, pixel by pixel", width=760, height=240)
    colors = "abc"
    p.stack(24, 92, 3, 7, 7, 14, lambda d, r, c: colors[d] if 2 <= r < 5 and 2 <= c < 5 else "cell", step=12)
    p.text(86, 222, "7x7, 3 channels")
    p.arrow(165, 130, 24)
    for d in range(3):
        p.grid(205 + 8 * d, 72 + 42 * d, 3, 3, 12, lambda r, c: colors[d])
    p.text(232, 222, "675 products")
    p.arrow(280, 130, 24)
    p.stack(318, 100, 3, 5, 5, 14, lambda d, r, c: colors[d] if (r, c) == (2, 2) else "cell", step=12)
    p.text(364, 222, "5x5, 3 channels")
    p.arrow(430, 130, 24)
    for row in range(3):
        p.stack(474, 88 + 42 * row, 3, 1, 1, 16, lambda d, r, c: colors[d], step=10)
    p.text(496, 222, "9600 products")
    p.arrow(545, 130, 24)
    p.stack(590, 104, 7, 5, 5, 14, lambda d, r, c: "out" if (d, r, c) == (0, 2, 2) else "cell")
    p.text(650, 222, "5x5, 128 channels")
    return p


@picture("flattened")
def flattened():
    p = Picture("Three kernels of one axis each: across the channels, down, along", width=760, height=230)
    p.stack(24, 92, 3, 5, 5, 20, lambda d, r, c: "tap" if (r, c) == (1, 1) else "cell")
    p.text(84, 215, "C channels")
    p.arrow(155, 130, 24)
    p.stack(192, 124, 3, 1, 1, 18, lambda d, r, c: "weight")
    p.text(206, 215, "lateral")
    p.arrow(240, 130, 24)
    p.grid(282, 84, 5, 5, 20, lambda r, c: "tap" if c == 1 and 0 <= r < 3 else "cell")
    p.text(332, 215, "a map per filter")
    p.arrow(392, 130, 24)
    p.grid(430, 104, 3, 1, 18, lambda r, c: "weight")
    p.text(440, 215, "vertical")
    p.arrow(460, 130, 24)
    p.grid(500, 104, 3, 5, 20, lambda r, c: "tap" if r == 0 and c < 3 else "cell")
    p.arrow(610, 130, 20)
    p.grid(636, 126, 1, 3, 14, lambda r, c: "weight")
    p.text(656, 215, "horizontal")
    p.arrow(684, 130, 16)
    p.grid(706, 116, 3, 3, 14, lambda r, c: "out" if (r, c) == (0, 0) else "cell")
    return p


@picture("grouped")
def grouped():
    p = Picture("Channels in groups that do not see each other", height=260)
    colors = "ab"
    for group in range(2):
        y = 76 + 96 * group
        kind = lambda d, r, c: colors[group]
        p.stack(40, y + 8, 3, 4, 4, 15, lambda d, r, c: colors[group] if r < 3 and c < 3 else "cell")
        p.arrow(150, y + 36, 40)
        for filter in range(2):
            p.stack(215 + 62 * filter, y + 20, 3, 3, 3, 11, kind, step=6)
        p.arrow(355, y + 36, 40)
        p.stack(425, y + 14, 2, 2, 2, 22, lambda d, r, c: colors[group] if (r, c) == (0, 0) else "cell")
        p.text(510, y + 40, f"group {group + 1}", "start", "quiet")
    p.text(78, 250, "6 channels")
    p.text(270, 250, "filters of 3x3x3 instead of 3x3x6")
    p.text(455, 250, "4 channels")
    return p


@picture("shuffled")
def shuffled():
    p = Picture("The channels of three groups dealt out in turn, so that the next groups see all of them", height=260)
    colors, size, left = "abc", 40, 150
    before = [(g, k) for g in range(3) for k in range(3)]
    after = [(g, k) for k in range(3) for g in range(3)]
    for row, (order, y) in enumerate([(before, 60), (after, 180)]):
        for place, (g, k) in enumerate(order):
            x = left + place * size + (place // 3) * 14
            p.cell(x, y, size - 4, colors[g])
            p.text(x + size / 2 - 2, y + 23, 3 * g + k, kind="number")
    for place, item in enumerate(after):
        old = before.index(item)
        p.line(left + old * size + (old // 3) * 14 + 18, 98, left + place * size + (place // 3) * 14 + 18, 178)
    p.text(left - 20, 83, "grouped 1x1", "end")
    p.text(left - 20, 203, "next groups", "end")
    for group in range(3):
        p.text(left + (3 * group + 1) * size + 14 * group + 18, 240, f"group {group + 1}", kind="quiet")
    return p


@picture("sequence")
def sequence():
    p = Picture("A sequence is a map of one row", height=190)
    p.stack(40, 90, 3, 1, 9, 28, lambda d, r, c: "tap" if 2 <= c <= 4 else "cell", step=7)
    p.arrow(335, 100, 40)
    p.stack(400, 90, 3, 1, 3, 28, lambda d, r, c: "weight", step=7)
    p.arrow(515, 100, 40, "sum")
    p.cell(580, 86, 28, "out")
    p.text(165, 160, "9 steps, 3 channels")
    p.text(445, 160, "3 steps")
    return p


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=sorted(PICTURES), help="one picture")
    parser.add_argument("--output", type=pathlib.Path, default=FOLDER, help="where the files go; Docs/images by default")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        if options.only in (None, name):
            (options.output / f"convolution-{name}.svg").write_text(draw().svg())


if __name__ == "__main__":
    main()
