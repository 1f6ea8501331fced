"""Small charts as SVG files that read on light and dark pages."""

from html import escape

LIGHT = ["#0969da", "#bc4c00", "#1a7f37", "#8250df", "#6e7781"]
DARK = ["#58a6ff", "#f0883e", "#3fb950", "#bc8cff", "#9198a1"]


def colors(values):
    """Written out for each class: few programs but browsers know variables of style sheets."""
    return "".join(f".dot.c{i},.bar.c{i}{{fill:{c}}}.line.c{i},.mean.c{i},.spread.c{i}{{stroke:{c}}}" for i, c in enumerate(values))


STYLE = f"""<style>
text{{font:12px system-ui,sans-serif;fill:#24292f}}.title{{font-weight:600;font-size:13px}}.quiet{{fill:#6e7781}}
.axis{{stroke:#8c959f;stroke-width:1}}.grid{{stroke:#d0d7de;stroke-width:1}}.page{{fill:#fff}}
.line{{fill:none;stroke-width:2}}.bar{{opacity:.25}}.mean{{stroke-width:3}}.spread{{stroke-width:1.5}}
{colors(LIGHT)}
@media(prefers-color-scheme:dark){{text{{fill:#e6edf3}}.quiet{{fill:#9198a1}}.axis{{stroke:#656c76}}.grid{{stroke:#2d333b}}
.page{{fill:#0d1117}}{colors(DARK)}}}
</style>"""


def ticks(low, high, count=5):
    """Round numbers between two bounds."""
    span = max(high - low, 1e-12)
    step = 10 ** int(f"{span / count:e}".split("e")[1])
    for factor in (1, 2, 5, 10):
        if span / (step * factor) <= count:
            step *= factor
            break
    first = int(low // step) + (0 if low % step == 0 else 1)
    values = []
    while first * step <= high + 1e-9 * span:
        values.append(first * step)
        first += 1
    return values


class Chart:
    """A plane with a title, axes and marks; x and y are given in the units of the data."""

    def __init__(self, title, x, y, width=640, height=320, left=64, bottom=44, x_ticks=True):
        self.width, self.height, self.left, self.bottom, self.top, self.right = width, height, left, bottom, 50, 16
        self.x_range, self.y_range = x, y
        self.parts = [f'<text class="title" x="{left}" y="20">{escape(title)}</text>']
        for value in ticks(*y):
            self.parts.append(f'<line class="grid" x1="{left}" x2="{width - self.right}" y1="{self.y(value):.1f}" y2="{self.y(value):.1f}"/>')
            self.text(left - 8, self.y(value) + 4, f"{value:g}", "end")
        if x_ticks:
            for value in ticks(*x, count=8):
                self.text(self.x(value), height - bottom + 18, f"{value:g}", "middle")
        self.parts.append(f'<line class="axis" x1="{left}" x2="{width - self.right}" y1="{height - bottom}" y2="{height - bottom}"/>')

    def x(self, value):
        low, high = self.x_range
        return self.left + (value - low) / (high - low) * (self.width - self.left - self.right)

    def y(self, value):
        low, high = self.y_range
        return self.height - self.bottom - (value - low) / (high - low) * (self.height - self.bottom - self.top)

    def text(self, x, y, text, anchor="start", kind="quiet"):
        self.parts.append(f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>')

    def labels(self, x, y):
        self.text(self.width - self.right, self.height - 8, x, "end")
        self.text(self.left, 36, y)

    def dot(self, x, y, color=0, radius=4, hint=""):
        title = f"<title>{escape(hint)}</title>" if hint else ""
        self.parts.append(f'<circle class="dot c{color}" cx="{self.x(x):.1f}" cy="{self.y(y):.1f}" r="{radius}" opacity=".8">{title}</circle>')

    def line(self, points, color=0, dashed=False):
        path = " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in points)
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<polyline class="line c{color}" points="{path}"{dash}/>')

    def upright(self, x, label=""):
        self.parts.append(f'<line class="axis" x1="{self.x(x):.1f}" x2="{self.x(x):.1f}" y1="{self.top}" y2="{self.height - self.bottom}" stroke-dasharray="2 4"/>')
        if label:
            self.text(self.x(x) + 4, self.top + 10, label)

    def band(self, x, mean, deviation, color=0, half=12):
        """A mean with its deviation, as a bar across the column of a category."""
        left, right, middle = self.x(x) - half, self.x(x) + half, self.x(x)
        self.parts.append(f'<line class="mean c{color}" x1="{left:.1f}" x2="{right:.1f}" y1="{self.y(mean):.1f}" y2="{self.y(mean):.1f}"/>')
        self.parts.append(f'<line class="spread c{color}" x1="{middle:.1f}" x2="{middle:.1f}" y1="{self.y(mean - deviation):.1f}" y2="{self.y(mean + deviation):.1f}"/>')

    def legend(self, names, x=None, y=36):
        # At the right end of the line that names the upright axis.
        x = self.width - self.right - sum(30 + 7 * len(name) for name in names) if x is None else x
        for number, name in enumerate(names):
            self.parts.append(f'<rect class="dot c{number}" x="{x}" y="{y - 9}" width="10" height="10" rx="2"/>')
            self.text(x + 14, y, name)
            x += 30 + 7 * len(name)

    def write(self, path):
        body = "\n".join(self.parts)
        path.write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}" role="img">{STYLE}<rect class="page" width="{self.width}" height="{self.height}"/>\n{body}\n</svg>\n')


def columns(title, groups, y_label, path, unit=100):
    """Seeds as dots, mean and deviation as a bar, one column per name. groups: [(name, values)]."""
    import statistics

    values = [unit * value for _, group in groups for value in group]
    margin = max(0.15 * (max(values) - min(values)), 0.1)
    chart = Chart(title, (-0.6, len(groups) - 0.4), (min(values) - margin, max(values) + margin), x_ticks=False,
                  width=max(420, 90 * len(groups) + 90))
    for number, (name, group) in enumerate(groups):
        color = number % 5
        scaled = [unit * value for value in group]
        for seed, value in enumerate(scaled):
            chart.dot(number + 0.12 * (seed - (len(scaled) - 1) / 2), value, color, hint=f"{name}: {value:.2f}")
        deviation = statistics.stdev(scaled) if len(scaled) > 1 else 0
        chart.band(number, statistics.mean(scaled), deviation, color, half=22)
        chart.text(chart.x(number), chart.height - chart.bottom + 18, name, "middle")
    chart.labels("", y_label)
    chart.write(path)


def heat_map(title, rows, names, cells, path):
    """cells[(row, column)] = (value, text); a missing cell stays empty."""
    size, left, top = 118, 140, 74
    width, height = left + size * len(names) + 16, top + 44 * len(rows) + 16
    values = [value for value, _ in cells.values()]
    low, high = min(values), max(values)
    parts = [f'<text class="title" x="12" y="20">{escape(title)}</text>', f'<text class="quiet" x="12" y="{top - 8}">from \\ to</text>']
    for column, name in enumerate(names):
        parts.append(f'<text class="quiet" x="{left + size * column + size / 2}" y="{top - 8}" text-anchor="middle">{escape(name)}</text>')
    for row, name in enumerate(rows):
        y = top + 44 * row
        parts.append(f'<text x="12" y="{y + 26}">{escape(name)}</text>')
        for column, target in enumerate(names):
            if (name, target) not in cells:
                continue
            value, text = cells[(name, target)]
            strength = 0.1 + 0.65 * (value - low) / max(high - low, 1e-9)
            x = left + size * column
            parts.append(f'<rect class="dot c0" x="{x + 2}" y="{y + 2}" width="{size - 4}" height="40" rx="4" opacity="{strength:.2f}"/>')
            parts.append(f'<text x="{x + size / 2}" y="{y + 26}" text-anchor="middle">{escape(text)}</text>')
    body = "\n".join(parts)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
        f'{STYLE}<rect class="page" width="{width}" height="{height}"/>\n{body}\n</svg>\n')
