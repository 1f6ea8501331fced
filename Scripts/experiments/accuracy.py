#!/usr/bin/env python3
"""What accuracy on CIFAR-10 some minutes of this machine buy, for several models, and the page about it.

    Scripts/experiments/accuracy.py --data cifar10                        # everything that is missing
    Scripts/experiments/accuracy.py --data cifar10 --models hornet --minutes 6 --seeds 1
    Scripts/experiments/accuracy.py --data cifar10 --try optimizer.kind=muon --minutes 3   # on a tenth held back, to choose by
    Scripts/experiments/accuracy.py --page                                # Docs/Accuracy.md from the results

DATA is a folder, DATA/train/CLASS/* and DATA/test/CLASS/*. A step of each model is timed first, alone, which says how many epochs fit
into the minutes; then every run learns that long by a schedule of its own, from all training images, and the test images are
read once at its end. With --try, settings are tried on the training images but a tenth, by which they may be chosen, and nothing
is kept. One JSON file for each run; a file that exists is never run again.
"""

import argparse
import json
import re
import statistics
from pathlib import Path

import pictures
import run as laboratory
from run import Failure, ROOT

CONFIG = "Configs/cifar10-fast.yaml"
# Of each model what differs from that file, which is HorNet's.
MODELS = {
    "hornet": {},
    "resnet20": {"model.name": "resnet20", "model.stemStride": None, "model.baseWidth": None, "model.depths": None,
                 "model.initialization": None, "model.layerScale": None},
    "convnext": {"model.name": "convnext_nano32", "model.baseWidth": None, "model.initialization": None,
                 "model.widths": "[24,48,96,192]"},
}
GOALS = {6: 0.80, 20: 0.86}
PAGE = ROOT / "Docs" / "Accuracy.md"


class Accuracy(laboratory.Laboratory):
    def __init__(self, options):
        options.results = options.results or str(ROOT / "Docs" / "experiments" / "accuracy")
        options.work = options.work or str(ROOT / "Runs" / "experiments" / "accuracy")
        super().__init__(options)
        self.options = options

    @property
    def data(self):
        if self.data_source is None:
            raise Failure("say where the images are: --data FOLDER")
        for part in ("train", "test"):
            if not any((self.data_source / part).glob("*/*")):
                raise Failure(f"{self.data_source}: found no images in {part}/CLASS/, expected a folder with train/CLASS/* and test/CLASS/*")
        return self.data_source

    def settings(self, model):
        changes = {key: "null" if value is None else value for key, value in MODELS[model].items()}
        return {**changes, "data.path": str(self.data), "training.precision": self.precision}

    def seconds(self, model):
        """Of an epoch with all processors and nothing else at work; measured once."""
        known = self.load(f"speed-{model}")
        if known is None:
            images = sum(1 for _ in (self.data / "train").glob("*/*"))
            settings = {**self.settings(model), "model.classes": 10}
            report = json.loads(self.call(["bench", CONFIG, "--json", *words(settings)]))
            step = report["training"]["medianSeconds"]
            test = sum(1 for _ in (self.data / "test").glob("*/*")) / report["inference"]["imagesPerSecond"]
            known = {"model": model, "step": step, "epoch": step * (images // report["batch"]), "test": test,
                     "parameters": report["parameters"], "multiplyAdds": report["multiplyAdds"]}
            self.save(f"speed-{model}", known)
        return known["epoch"], known["test"]

    def epochs(self, model, minutes):
        epoch, test = self.seconds(model)
        return max(1, int((60 * minutes - test) / epoch))

    def learn(self, model, minutes, seed):
        name = f"{model}-minutes-{minutes:g}-seed-{seed}"
        settings = {**self.settings(model), "training.epochs": self.epochs(model, minutes), "run.seed": seed, "data.validation": 0}
        if self.threads:
            settings["training.threads"] = self.threads
        summary = self.run("train", CONFIG, settings, self.work / "runs" / name)
        self.save(name, {"model": model, "minutes": minutes, "seed": seed, **laboratory.kept(summary)})

    def attempt(self, model, minutes, seed):
        """The validation accuracy of settings that are tried."""
        tried = dict(setting.split("=", 1) for setting in self.options.tried)
        settings = {**self.settings(model), "training.epochs": self.epochs(model, minutes), "run.seed": seed, "data.validation": 0.1,
                    **tried}
        if self.threads:
            settings["training.threads"] = self.threads
        folder = self.work / "tried" / re.sub(r"[^\w=.,-]", "", "-".join([model, f"{minutes:g}", str(seed), *self.options.tried]))[:150]
        summary = self.run("train", CONFIG, settings, folder)
        print(f"{model}, {minutes:g} minutes, {' '.join(self.options.tried)}: validation {100 * summary['bestValidationAccuracy']:.2f} %")

    # The page

    def page(self):
        results = [json.loads(path.read_text()) for path in sorted(self.results.glob("*-minutes-*.json"))]
        if not results:
            raise Failure(f"{self.results} has no results yet")
        groups = {}
        for result in results:
            groups.setdefault((result["model"], result["minutes"]), []).append(result)
        rows, curves = [], {}
        for (model, minutes), group in sorted(groups.items(), key=lambda one: (one[0][1], one[0][0])):
            values = [100 * result["testAccuracy"] for result in group]
            mean = statistics.mean(values)
            speed = self.load(f"speed-{model}")
            goal = GOALS.get(minutes)
            rows.append(
                f"| {minutes:g} | `{model}` | {group[0]['epochs']} | {speed['epoch']:.0f} s | {group[0]['parameters']:,} | "
                f"{speed['multiplyAdds'] / 1e6:.1f} M | {', '.join(f'{value:.2f}' for value in values)} | {mean:.2f} | "
                f"{f'{100 * goal:.0f}' if goal else ''} |")
            curves.setdefault(model, []).append((minutes, mean))
        text = ("| minutes | model | epochs | an epoch | parameters | multiply-adds | test accuracy by seed, % | mean | goal |\n"
                "|---|---|---|---|---|---|---|---|---|\n" + "\n".join(rows) + "\n")
        points = [point for curve in curves.values() for point in curve]
        chart = pictures.Chart(
            "CIFAR-10 over minutes of two cores", (0, max(x for x, _ in points) + 1),
            (min(y for _, y in points) - 2, max(y for _, y in points) + 2))
        chart.labels("minutes", "test accuracy, %")
        chart.legend(list(curves))
        for number, (model, curve) in enumerate(curves.items()):
            if len(curve) > 1:
                chart.line(curve, number)
            for minutes, value in curve:
                chart.dot(minutes, value, number, hint=f"{model}, {minutes:g} minutes: {value:.2f} %")
        chart.write(self.results / "accuracy.svg")
        old = PAGE.read_text()
        pattern = re.compile(r"(<!-- accuracy: begin -->\n).*?(<!-- accuracy: end -->)", re.DOTALL)
        picture = "\n![Accuracy over minutes](experiments/accuracy/accuracy.svg)\n"
        PAGE.write_text(pattern.sub(lambda found: found.group(1) + text + picture + found.group(2), old))


def words(settings):
    return [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="the folder of the images")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--minutes", nargs="+", type=float, default=[3, 6, 20])
    parser.add_argument("--seeds", type=int, default=2, help="how many seeds")
    parser.add_argument("--try", dest="tried", nargs="+", metavar="KEY=VALUE", default=[], help="settings to try, none for those of the file")
    parser.add_argument("--page", action="store_true", help="write the page from the results, and stop")
    laboratory.options_of(parser)
    parser.set_defaults(precision="fp32")
    options = parser.parse_args()
    accuracy = Accuracy(options)
    if options.page:
        accuracy.page()
        return
    if options.tried:
        for model in options.models:
            for minutes in options.minutes:
                accuracy.attempt(model, minutes, 0)
        return
    jobs = [(f"{model}-minutes-{minutes:g}-seed-{seed}",
             lambda model=model, minutes=minutes, seed=seed: accuracy.learn(model, minutes, seed))
            for minutes in options.minutes for seed in range(options.seeds) for model in options.models]

    def score(result):
        return f"{100 * result['testAccuracy']:.2f} %" if result.get("testAccuracy") else ""

    laboratory.carry_out(options, accuracy, laboratory.wanted(options, jobs), score)


if __name__ == "__main__":
    laboratory.command(main)
