#!/usr/bin/env python3
"""Writes the tables and pictures of Docs/Experiments.md from the results of run.py.

    Scripts/experiments/page.py

Text between `<!-- NAME: begin -->` and `<!-- NAME: end -->` is replaced; everything else on the page is written by hand.
"""

import argparse
import json
import re
import statistics
from pathlib import Path

import arms as plan
import pictures

ROOT = Path(__file__).resolve().parents[2]


class Results:
    def __init__(self, folder):
        self.all = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}

    def __getitem__(self, name):
        return self.all.get(name)

    def seeds(self, name):
        found = [self.all.get(f"{name}-seed-{seed}") for seed in plan.SEEDS]
        return [result for result in found if result]

    def values(self, name, key="testAccuracy"):
        return [result[key] for result in self.seeds(name) if result.get(key) is not None]


def spread(values, unit=100, decimals=2):
    if not values:
        return "-"
    text = f"{unit * statistics.mean(values):.{decimals}f}"
    return text + (f" ± {unit * statistics.stdev(values):.{decimals}f}" if len(values) > 1 else "")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def paired(results, name, other, key="testAccuracy"):
    """Mean difference over seeds and its deviation."""
    first = {result["seed"]: result[key] for result in results.seeds(name)}
    second = {result["seed"]: result[key] for result in results.seeds(other)}
    return [first[seed] - second[seed] for seed in sorted(first) if seed in second]


def difference(values):
    if not values:
        return "-"
    text = f"{100 * statistics.mean(values):+.2f}"
    if len(values) < 2:
        return text
    wins = sum(value > 0 for value in values)
    return f"{text} ± {100 * statistics.stdev(values):.2f} ({wins} of {len(values)} seeds)"


def models(results, folder):
    rows = []
    for name in [plan.STUDENT, *plan.TEACHERS]:
        found = results.seeds(f"model-{name}")
        if found:
            rows.append([f"`{name}`", f"{found[0]['parameters']:,}", spread(results.values(f"model-{name}")),
                         f"{statistics.mean(result['seconds'] for result in found):.0f}"])
    return table(["model", "parameters", "test accuracy, %", "seconds"], rows)


MAIN = ["none", "direct", "ensemble", "progressive"]


def main_table(results, folder):
    rows = []
    for name in ["model-" + plan.STUDENT, "long", *MAIN]:
        found = results.seeds(name)
        if not found:
            continue
        label = {"long": "plain, one schedule of 27 epochs", "none": "plain, with the same restarts",
                 "model-" + plan.STUDENT: "the student before"}.get(name, name)
        rows.append([
            label, len(found), spread(results.values(name)), spread(results.values(name, "bestTestAccuracy")),
            spread(results.values(name, "trainLoss"), 1, 3), spread(results.values(name, "gap")),
            f"{statistics.mean(result['seconds'] for result in found):.0f}"])
    groups = [(name, results.values(name)) for name in [*MAIN, "long"] if results.values(name)]
    if groups:
        pictures.columns("Test accuracy after equally many epochs (dots: seeds)", groups, "test accuracy, %", folder / "arms.svg")
    return table(["arm", "seeds", "test, last epoch, %", "test, best epoch, %", "training loss", "train - test, %", "seconds"], rows)


def differences(results, folder):
    rows = []
    for other, claim in [("none", "M4"), ("long", "M4"), ("direct", "M2"), ("ensemble", "M3")]:
        rows.append([claim, f"progressive - {other}", difference(paired(results, "progressive", other)),
                     difference(paired(results, "progressive", other, "bestTestAccuracy"))])
    return table(["claim", "difference of", "last epoch, points", "best epoch, points"], rows)


def generalisation(results, folder):
    """M6: training loss without teachers' terms against test accuracy."""
    points = [(name, result["trainLoss"], 100 * result["testAccuracy"]) for name in MAIN for result in results.seeds(name)]
    if not points:
        return ""
    losses, scores = [loss for _, loss, _ in points], [score for _, _, score in points]
    pad_x, pad_y = 0.1 * (max(losses) - min(losses)) + 1e-3, 0.1 * (max(scores) - min(scores)) + 0.05
    chart = pictures.Chart("Training loss and test accuracy at the end", (min(losses) - pad_x, max(losses) + pad_x),
                           (min(scores) - pad_y, max(scores) + pad_y))
    for name, loss, score in points:
        chart.dot(loss, score, MAIN.index(name), 5, f"{name}: loss {loss:.3f}, {score:.2f} %")
    chart.legend(MAIN)
    chart.labels("cross-entropy on the training images as they are", "test accuracy, %")
    chart.write(folder / "generalisation.svg")
    return "![Training loss against test accuracy](experiments/generalisation.svg)"


def flatness(results, folder):
    found = results.seeds("flatness")
    if not found:
        return ""
    rises = {name: [] for name in MAIN}
    curves = {name: [] for name in MAIN}
    for result in found:
        for name, curve in result["curves"].items():
            rises[name].append([curve["rise"][radius] for radius in ("0.25", "0.5", "1.0")])
            curves[name].append(curve)
    rows = [[name, *(spread([rise[index] for rise in rises[name]], 1, 3) for index in range(3))] for name in MAIN]
    top = max(max(curve["loss"]) for name in MAIN for curve in curves[name])
    chart = pictures.Chart("Mean loss around the weights", (-1, 1), (0, top))
    for number, name in enumerate(MAIN):
        positions = curves[name][0]["position"]
        means = [statistics.mean(values) for values in zip(*(curve["loss"] for curve in curves[name]))]
        chart.line(list(zip(positions, means)), number)
    chart.legend(MAIN)
    chart.labels("distance along filter-normalised directions", "loss")
    chart.write(folder / "flatness.svg")
    return table(["arm", "rise at 0.25", "rise at 0.5", "rise at 1"], rows) + \
        "\n\n![Loss around the weights](experiments/flatness.svg)"


def costs(results, folder):
    found = results["costs"]
    if not found:
        return ""
    cells = {(cost["source"], cost["target"]): (cost["value"], f"{cost['value']:.3f} ± {cost['errorBar']:.3f}") for cost in found["costs"]}
    targets = [name for name in plan.TEACHERS if any(target == name for _, target in cells)]
    sources = [name for name in [plan.STUDENT, *plan.TEACHERS] if any(source == name for source, _ in cells)]
    pictures.heat_map("Adaptation costs", sources, targets, cells, folder / "costs.svg")
    rows = []
    for first in targets:
        for second in targets:
            if first < second and (first, second) in cells and (second, first) in cells:
                there, back = cells[(first, second)], cells[(second, first)]
                rows.append([f"`{first}`, `{second}`", there[1], back[1], f"{there[0] - back[0]:+.3f}"])
    text = "\n".join("* " + decision["text"] for decision in found["decisions"])
    return "![Adaptation costs](experiments/costs.svg)\n\n" + table(["A, B", "C(A → B)", "C(B → A)", "difference"], rows) + \
        f"\n\nThe selection in its own words:\n\n{text}\n\nOrder: **{' → '.join(found['order'])}**."


def ranks(values):
    ordered = sorted(range(len(values)), key=values.__getitem__)
    result = [0.0] * len(values)
    position = 0
    while position < len(ordered):
        end = position
        while end + 1 < len(ordered) and values[ordered[end + 1]] == values[ordered[position]]:
            end += 1
        for index in ordered[position:end + 1]:
            result[index] = (position + end) / 2
        position = end + 1
    return result


def orders(results, folder):
    found = {}
    for name, result in results.all.items():
        match = re.fullmatch(r"order-(.+)-seed-0", name)
        if match:
            found[tuple(match.group(1).split("+"))] = result["testAccuracy"]
    if not found:
        return ""
    chosen = tuple(results["costs"]["order"])
    scores = [100 * score for score in found.values()]
    chart = pictures.Chart("Every order of one, two and three teachers", (0.5, 3.5), (min(scores) - 0.3, max(scores) + 0.3), x_ticks=False)
    rows = []
    for length in (1, 2, 3):
        group = sorted(((score, order) for order, score in found.items() if len(order) == length), reverse=True)
        if not group:
            continue
        suffix = chosen[-length:]
        for index, (score, order) in enumerate(group):
            offset = 0.3 * (index - (len(group) - 1) / 2) / max(len(group), 1)
            chart.dot(length + offset, 100 * score, 1 if order == suffix else 4, 6 if order == suffix else 4, " → ".join(order))
        chart.text(chart.x(length), chart.height - chart.bottom + 18, f"{length} teacher{'s' if length > 1 else ''}", "middle")
        place = [order for _, order in group].index(suffix) + 1 if suffix in found else None
        rows.append([
            length, len(group), f"{' → '.join(suffix)}", f"{100 * found[suffix]:.2f}" if place else "-",
            f"{place} of {len(group)}" if place else "-", f"{100 * group[0][0]:.2f} ({' → '.join(group[0][1])})",
            f"{100 * statistics.mean(score for score, _ in group):.2f}", f"{100 * group[-1][0]:.2f}"])
    chart.legend([""], x=-100)
    chart.labels("orange: what Backward Greedy Selection chooses", "test accuracy, %")
    chart.write(folder / "orders.svg")
    strength = {name: results[f"model-{name}-seed-0"]["testAccuracy"] for name in plan.TEACHERS if results[f"model-{name}-seed-0"]}
    pairs = [(strength[order[-1]], score) for order, score in found.items() if order[-1] in strength]
    correlation = statistics.correlation(ranks([a for a, _ in pairs]), ranks([b for _, b in pairs])) if len(pairs) > 2 else 0
    by_last = {}
    for order, score in found.items():
        by_last.setdefault(order[-1], []).append(score)
    last = table(["last teacher", "its own test accuracy, %", "students' mean, %"],
                 [[f"`{name}`", f"{100 * strength[name]:.2f}", f"{100 * statistics.mean(by_last[name]):.2f}"] for name in plan.TEACHERS if name in by_last and name in strength])
    return table(["teachers", "orders", "chosen", "its score, %", "place", "best, %", "mean, %", "worst, %"], rows) + \
        f"\n\n![All orders](experiments/orders.svg)\n\nRank correlation of the last teacher's strength with the student's score: {correlation:+.2f}.\n\n" + last


def bridge(results, folder):
    names = ["attention-alone", "attention-bridged", "bridge-alone"]
    groups = [(name, results.values(name)) for name in names if results.values(name)]
    if not groups:
        return ""
    pictures.columns("An attention teacher, with and without a bridge", groups, "test accuracy, %", folder / "bridge.svg")
    labels = {"attention-alone": "`cvt_nano32` twice", "attention-bridged": "`convnext_nano32`, then `cvt_nano32`",
              "bridge-alone": "`convnext_nano32` twice"}
    rows = [[labels[name], spread(results.values(name)), spread(results.values(name, "bestTestAccuracy"))] for name, _ in groups]
    return table(["teachers", "test, last epoch, %", "test, best epoch, %"], rows) + \
        f"\n\nBridged - alone: {difference(paired(results, 'attention-bridged', 'attention-alone'))}.\n\n![Bridge](experiments/bridge.svg)"


def restarts(results, folder):
    """M10: validation accuracy at every epoch."""
    curves = {name: [result["validation"] for result in results.seeds(name)] for name in MAIN}
    curves = {name: runs for name, runs in curves.items() if runs}
    if not curves:
        return ""
    means = {name: [100 * statistics.mean(values) for values in zip(*runs)] for name, runs in curves.items()}
    every = [value for values in means.values() for value in values]
    length = max(len(values) for values in means.values())
    chart = pictures.Chart("Validation accuracy across restarts, mean of the seeds", (1, length), (min(every) - 0.5, max(every) + 0.5))
    for epoch in range(plan.STAGE_EPOCHS, length, plan.STAGE_EPOCHS):
        chart.upright(epoch + 0.5)
    for name, values in means.items():
        chart.line([(epoch + 1, value) for epoch, value in enumerate(values)], MAIN.index(name))
    chart.legend(list(means))
    chart.labels("epoch", "validation accuracy, %")
    chart.write(folder / "restarts.svg")
    stages = results.seeds("progressive")
    rows = []
    if stages:
        for index in range(len(stages[0]["stages"])):
            rows.append([index + 1, stages[0]["stages"][index]["teacher"], spread([result["stages"][index]["before"] for result in stages]),
                         spread([result["stages"][index]["after"] for result in stages])])
    return table(["stage", "teacher", "test before, %", "test after, %"], rows) + "\n\n![Restarts](experiments/restarts.svg)"


def repairs(results, folder):
    rows = []
    for label, prefix in [("as above", ""), ("`kd` alone", "kd-only-"), ("both losses three times as strong", "strong-"),
                          ("from scratch, stages of 9 epochs", "scratch-")]:
        row = [label]
        for way in ("none", "direct", "progressive"):
            row.append(spread(results.values(prefix + way)))
        row.append(difference(paired(results, prefix + "progressive", prefix + "direct")))
        if any(cell != "-" for cell in row[1:]):
            rows.append(row)
    return table(["change", "plain, %", "direct, %", "progressive, %", "progressive - direct, points"], rows)


SECTIONS = {
    "models": models, "arms": main_table, "differences": differences, "generalisation": generalisation,
    "flatness": flatness, "costs": costs, "orders": orders, "bridge": bridge, "restarts": restarts, "repairs": repairs,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", default=str(ROOT / "Docs" / "experiments"))
    parser.add_argument("--page", default=str(ROOT / "Docs" / "Experiments.md"))
    options = parser.parse_args()
    folder = Path(options.results)
    results = Results(folder)
    page = Path(options.page)
    text = page.read_text()
    for name, section in SECTIONS.items():
        pattern = re.compile(f"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
        if not pattern.search(text):
            raise SystemExit(f"error: {page}: found no `<!-- {name}: begin -->`")
        content = section(results, folder)
        text = pattern.sub(lambda match: match.group(1) + (content + "\n" if content else "") + match.group(2), text)
    page.write_text(text)
    print(f"{len(results.all)} results, {page}")


if __name__ == "__main__":
    main()
