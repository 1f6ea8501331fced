#!/usr/bin/env python3
"""Runs the experiments with detectors of Docs/Experiments.md, and goes on where it was stopped.

    Scripts/experiments/detectors.py --set scenes                         # everything that is missing; needs no data
    Scripts/experiments/detectors.py --set bccd --data bccd-coco          # a folder in COCO's format
    Scripts/experiments/detectors.py --set scenes --only progressive-seed-0
    Scripts/experiments/detectors.py --set scenes --claims M2 M3          # the arms of some claims alone
    Scripts/experiments/detectors.py --set scenes --list                  # what there is, and what is done
    Scripts/experiments/detectors.py --set scenes --table                 # claim by claim, from the results

Results are one small JSON file per arm, Docs/experiments/detectors/SET/ARM.json; a file that exists is never run again. Models
and runs lie in --work and may be deleted when all is done.
"""

import argparse
import hashlib
import itertools
import json
import statistics

import detector_arms as plan
import run as laboratory
from run import Failure, ROOT

CLAIMS = {
    "M1": "the selected order is among the best",
    "M2": "better than the strongest teacher alone, equally long",
    "M3": "better than all teachers at once",
    "M4": "better than more training without teachers",
    "M5": "a bridge helps where the teacher's architecture is far",
    "M6": "generalises better although it fits worse",
    "M7": "ends in a flatter minimum",
    "M8": "teachers of growing input size help a student of small images",
    "M9": "adaptation costs are asymmetric, large to small is cheaper",
    "M10": "AP dips at a restart and ends higher",
    "sweep": "where a sequence pays",
}


class Detectors(laboratory.Laboratory):
    """The same way of keeping results and going on, for detectors."""

    def __init__(self, options):
        self.set = plan.SETS[options.set]
        options.results = options.results or str(ROOT / "Docs" / "experiments" / "detectors" / options.set)
        options.work = options.work or str(ROOT / "Runs" / "experiments" / "detectors" / options.set)
        super().__init__(options)

    @property
    def data(self):
        if self.set.path == "scenes":
            return "scenes"
        if self.data_source is None:
            raise Failure(f"say where the images are: --data FOLDER ({self.set.path})")
        return self.data_source

    def common(self, seed, data=None):
        return super().common(seed, self.data)

    def students(self, seed):
        """What the student is trained with, alone and in stages."""
        return {**self.common(seed), **self.set.settings}

    # Models

    def folder(self):
        return ROOT / "Configs" / "distill" / self.set.folder

    def size(self, scale):
        """A multiple of 16 near that part of the whole input."""
        return [max(16, round(side * scale / 16) * 16) for side in (self.set.height, self.set.width)]

    def train_model(self, name, seed, epochs=None, scale=1, width=None):
        """The student or a teacher, alone."""
        settings = dict(plan.STUDENT)
        config = self.folder() / "detector.yaml"
        if name == "student":
            epochs = epochs or self.set.epochs
            if width:
                settings["model.baseWidth"] = width
            if scale != 1:
                settings.update(plan.SMALL_OBJECTS)
        else:
            epochs = epochs or self.set.teacher_epochs.get(name, max(self.set.teacher_epochs.values()))
            settings = {}
            if name in self.set.teachers:
                config = self.folder() / self.set.teachers[name]
            else:
                scale = {"half": 0.5, "three_quarters": 0.75, "whole": 1}[name]
                config, settings = self.folder() / "resnet.yaml", dict(plan.SMALL_OBJECTS)
        suffix = (f"-{scale:g}" if scale != 1 else "") + (f"-width-{width}" if width else "")
        folder = self.work / "models" / f"{name}{suffix}-epochs-{epochs}-seed-{seed}"
        height, across = self.size(scale)
        settings = {
            **(self.students(seed) if name == "student" else self.common(seed)), "training.epochs": epochs,
            "data.imageSize": f"[{height},{across}]", **settings}
        return self.run("train", config, settings, folder), folder

    def model(self, name, seed, scale=1, width=None):
        """Weights of the student or a teacher; trained first when they are missing."""
        _, folder = self.train_model(name, seed, scale=scale, width=width)
        return folder / "weights" / "last.safetensors"

    def write_config(self, path, order, student, arm):
        teachers = order if isinstance(order, list) else list(self.set.teachers)
        losses = arm.losses or [self.set.loss]
        lines = [
            f"extends: {self.folder()}/detector.yaml",
            "student: " + json.dumps({"name": "student", "weights": str(student), "start": arm.start}),
            "pool:", "  teachers:",
            *(f"    - {json.dumps({'name': name, 'weights': str(self.model(name, 0))})}" for name in teachers),
            "order: " + (json.dumps(order) if isinstance(order, list) else order), "maxTeachers: 3",
            "cost: {images: 2000}",
            "stage:", f"  epochs: {arm.epochs or self.set.stage_epochs}", f"  patience: {arm.patience}", "  losses:",
            *(f"    - {json.dumps(loss)}" for loss in losses),
        ]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(lines) + "\n")

    # Arms

    def run_model(self, name, seed):
        summary, _ = self.train_model(name, seed)
        self.save(f"model-{name}-seed-{seed}", {"model": name, "seed": seed, **kept(summary)})

    def run_long(self, seed):
        """M4 with one schedule: the student trained once for as many epochs as training and stages have together."""
        stages = len(self.measured_costs()["order"])
        summary, _ = self.train_model("student", seed, self.set.epochs + stages * self.set.stage_epochs)
        self.save(f"long-seed-{seed}", {"seed": seed, **kept(summary)})

    def run_costs(self):
        """M9, and the order that Backward Greedy Selection finds."""
        config = self.work / "costs.yaml"
        self.write_config(config, "bgs", self.model("student", 0), plan.Distillation("costs", 0, "progressive"))
        self.measure_costs(config)

    def run_distillation(self, arm):
        name = f"{arm.name}-seed-{arm.seed}"
        folder = self.work / "runs" / name
        order = arm.order or self.measured_costs()["order"]
        if arm.after:
            student = self.work / "runs" / f"{arm.after}-seed-{arm.seed}" / "weights" / "last.safetensors"
            if not student.exists():
                raise Failure(f"{name} needs {arm.after}, whose weights are gone; delete its result to run it again")
        else:
            student = self.model("student", arm.seed, scale=arm.scale, width=arm.width)
        config = self.work / "configs" / f"{name}.yaml"
        self.write_config(config, order, student, arm)
        summary = self.run(
            "distill", config, {**self.students(arm.seed), **arm.settings}, folder, ["--arm", arm.way])
        stages = json.loads((folder / "stages.json").read_text())
        epochs = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        self.save(name, {
            "seed": arm.seed, "way": arm.way, "order": order, **kept(summary),
            "stages": [
                {"teacher": stage["teacher"], "epochs": stage["epochs"], "before": stage["testAPBefore"],
                 "after": stage["testAPAfter"],
                 **{key: stage[key] for key in ("decisions", "stoppedEarly") if key in stage}} for stage in stages],
            "validation": [line.get("validationAP") for line in epochs],
            "weights": hashlib.sha256((folder / "weights" / "last.safetensors").read_bytes()).hexdigest(),
        })

    def run_flatness(self, seed):
        """M7, on detectors' images."""
        self.measure_flatness(seed, self.folder() / "detector.yaml", images=200)

    def claimed_jobs(self):
        """All arms in the order in which they are run: (claims that they serve, name, what runs it)."""
        data, jobs = self.set, []

        def add(claims, name, call):
            jobs.append((claims.split(), name, call))

        def distill(claims, arms):
            for arm in arms:
                add(claims, f"{arm.name}-seed-{arm.seed}", lambda arm=arm: self.run_distillation(arm))

        everything = " ".join(CLAIMS)
        for seed in plan.SEEDS:
            add(everything, f"model-student-seed-{seed}", lambda seed=seed: self.run_model("student", seed))
        for name in data.teachers:
            add(everything, f"model-{name}-seed-0", lambda name=name: self.run_model(name, 0))
        add(everything, "costs", self.run_costs)
        for seed in plan.SEEDS:
            distill("M2 M3 M4 M6 M7 M10", plan.main_arms(seed))
        for seed in plan.SEEDS:
            add("M4", f"long-seed-{seed}", lambda seed=seed: self.run_long(seed))
        for seed in plan.SEEDS:
            distill("M5", plan.bridge_arms(data, seed))
        for seed in plan.SEEDS:
            add("M7", f"flatness-seed-{seed}", lambda seed=seed: self.run_flatness(seed))
        for name in ("half", "three_quarters", "whole"):
            add("M8", f"model-{name}-seed-0", lambda name=name: self.run_model(name, 0))
        for seed in plan.SEEDS:
            distill("M8", plan.size_arms(seed))
        for seed in plan.SEEDS:
            distill("sweep", plan.sweep_arms(data, seed))
        orders = [list(order) for length in (1, 2, 3) for order in itertools.permutations(data.teachers, length)]
        distill("M1", plan.order_arms(0, orders))
        return jobs

    # Tables

    def values(self, arm, key="testAP"):
        """The results of an arm by seed."""
        found = {seed: self.load(f"{arm}-seed-{seed}") for seed in plan.SEEDS}
        return {seed: result[key] for seed, result in found.items() if result and result.get(key) is not None}

    def difference(self, arm, other, key="testAP"):
        """Of two arms seed by seed: the mean and its deviation in points, and in how many seeds it is above 0."""
        first, second = self.values(arm, key), self.values(other, key)
        gains = [100 * (first[seed] - second[seed]) for seed in first if seed in second]
        if not gains:
            return "-"
        spread = statistics.stdev(gains) if len(gains) > 1 else 0
        return f"{statistics.mean(gains):+.1f} ± {spread:.1f}, {sum(gain > 0 for gain in gains)} of {len(gains)} seeds"

    def mean(self, arm, key="testAP"):
        values = [100 * value for value in self.values(arm, key).values()]
        if not values:
            return "-"
        return f"{statistics.mean(values):.1f} ± {statistics.stdev(values) if len(values) > 1 else 0:.1f}"

    def table(self):
        rows = [
            ("M2", "progressive - direct", self.difference("progressive", "direct")),
            ("M2", "adaptive - progressive", self.difference("adaptive", "progressive")),
            ("M3", "progressive - ensemble", self.difference("progressive", "ensemble")),
            ("M4", "progressive - none", self.difference("progressive", "none")),
            ("M4", "progressive - long", self.difference("progressive", "long")),
            ("M5", "far, bridged - direct", self.difference("far-bridged", "far-direct")),
            ("M5", "far, direct - near, direct", self.difference("far-direct", "near-direct")),
            ("M6", "gap to training images, none - progressive", self.difference("none", "progressive", "gap")),
            ("M8", "sizes, progressive - direct", self.difference("sizes-progressive", "sizes-direct")),
            ("M8", "sizes, progressive - none", self.difference("sizes-progressive", "sizes-none")),
        ]
        names = sorted({arm.name.rsplit("-", 1)[0] for arm in plan.sweep_arms(self.set, 0)})
        rows += [
            ("sweep", f"{name}, progressive - direct", self.difference(f"{name}-progressive", f"{name}-direct"))
            for name in names]
        print("| | | AP, points |\n|---|---|---|")
        for claim, title, text in rows:
            print(f"| {claim} | {title} | {text} |")
        print("\n| model or arm | test AP, last epoch | best epoch |\n|---|---|---|")
        models = [f"model-{name}" for name in ["student", *self.set.teachers]]
        for arm in [*models, "none", "direct", "ensemble", "progressive", "adaptive", "long"]:
            print(f"| {arm} | {self.mean(arm)} | {self.mean(arm, 'bestTestAP')} |")
        print(self.order_table())

    def order_table(self):
        """M1: the place of the selected order among those of its length."""
        costs = self.load("costs")
        lines = []
        for length in (1, 2, 3):
            orders = ["+".join(order) for order in itertools.permutations(self.set.teachers, length)]
            scores = {order: self.load(f"order-{order}-seed-0") for order in orders}
            scores = {order: result["testAP"] for order, result in scores.items() if result}
            chosen = "+".join(costs["order"][-length:]) if costs else ""
            if chosen in scores:
                place = sorted(scores.values(), reverse=True).index(scores[chosen]) + 1
                behind = 100 * (max(scores.values()) - scores[chosen])
                lines.append(f"M1, {length} teachers: {chosen}, place {place} of {len(scores)}, {behind:.1f} points behind the best")
        return "\n".join(lines)


def kept(summary):
    keys = ["testAP", "testAP50", "testAP75", "bestTestAP", "bestEpoch", "bestValidationAP", "epochs", "trainLoss", "trainAP",
            "testLoss", "gap", "seconds", "orderSeconds", "teacherSeconds", "parameters"]
    return {key: summary[key] for key in keys if key in summary}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", choices=list(plan.SETS), default="scenes", help="which images")
    parser.add_argument("--data", help="their folder, for all but the scenes")
    parser.add_argument("--claims", nargs="+", choices=list(CLAIMS), help="run the arms of these claims alone")
    parser.add_argument("--seeds", type=int, default=len(plan.SEEDS), help="how many seeds")
    laboratory.options_of(parser)
    parser.add_argument("--table", action="store_true", help="print what came out, claim by claim, and stop")
    parser.set_defaults(precision="fp32")
    options = parser.parse_args()
    plan.SEEDS = list(range(options.seeds))
    detectors = Detectors(options)
    if options.table:
        detectors.table()
        return
    jobs = [
        (name, call) for claims, name, call in detectors.claimed_jobs()
        if not options.claims or set(claims) & set(options.claims)]

    def score(result):
        return f"AP {100 * result['testAP']:.1f}" if result.get("testAP") is not None else ""

    laboratory.carry_out(options, detectors, laboratory.wanted(options, jobs), score)


if __name__ == "__main__":
    laboratory.command(main)
