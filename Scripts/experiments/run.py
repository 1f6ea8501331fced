#!/usr/bin/env python3
"""Runs the experiments of Docs/Experiments.md, and goes on where it was stopped.

    Scripts/experiments/run.py --data cifar10                    # everything that is missing
    Scripts/experiments/run.py --data cifar10 --only progressive-seed-0
    Scripts/experiments/run.py --data cifar10 --results again    # all over, beside the published results
    Scripts/experiments/run.py --list                            # what there is, and what is done
    Scripts/experiments/page.py                                  # tables and pictures from the results

DATA is a folder of images, DATA/train/CLASS/* and DATA/test/CLASS/*. Teachers are trained on all of them; the student is
given the first thousand training images of each class, by name. All test images are used. Results are one small JSON file per arm; a file that exists is never run again.
Models and runs lie in --work and may be deleted when all is done.
"""

import argparse
import datetime
import hashlib
import itertools
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import arms as plan
import program

ROOT = Path(__file__).resolve().parents[2]
IMAGES_PER_CLASS = 1000


class Failure(Exception):
    pass


def subset(data, work):
    """A folder of links to the images that are used."""
    folder = work / "data"
    if (folder / "complete").exists():
        return folder
    classes = sorted(path.name for path in (data / "train").iterdir() if path.is_dir()) if (data / "train").is_dir() else []
    if not classes or not (data / "test").is_dir():
        raise Failure(f"{data}: found no train/CLASS and test/CLASS folders; give the folder of the images with --data")
    for name in classes:
        target = folder / "train" / name
        target.mkdir(parents=True, exist_ok=True)
        images = sorted((data / "train" / name).iterdir())
        if len(images) < IMAGES_PER_CLASS:
            raise Failure(f"{data}/train/{name}: {len(images)} images, expected at least {IMAGES_PER_CLASS}")
        for image in images[:IMAGES_PER_CLASS]:
            if not os.path.lexists(target / image.name):
                (target / image.name).symlink_to(image.resolve())
    if not os.path.lexists(folder / "test"):
        (folder / "test").symlink_to((data / "test").resolve())
    (folder / "complete").touch()
    return folder


def machine():
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                name = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return f"{name}, {len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores"


class Laboratory:
    def __init__(self, options):
        self.work = Path(options.work).resolve()
        self.results = Path(options.results).resolve()
        self.trainer = str(Path(options.trainer).resolve())
        self.data_source = Path(options.data).resolve() if options.data else None
        self.precision = options.precision
        self.threads = options.threads
        self.results.mkdir(parents=True, exist_ok=True)

    # Results

    def path(self, name):
        return self.results / f"{name}.json"

    def load(self, name):
        path = self.path(name)
        return json.loads(path.read_text()) if path.exists() else None

    def save(self, name, values):
        values = {"arm": name, **values, "machine": machine(), "date": datetime.date.today().isoformat()}
        temporary = self.path(name).with_suffix(".part")
        temporary.write_text(json.dumps(values, indent=1) + "\n")
        os.replace(temporary, self.path(name))

    # Runs

    @property
    def data(self):
        if self.data_source is None:
            raise Failure("say where the images are: --data FOLDER")
        return subset(self.data_source, self.work)

    def common(self, seed, data=None):
        threads = {"training.threads": self.threads} if self.threads else {}
        return {"data.path": str(data or self.data), "training.precision": self.precision, "run.seed": seed, **threads}

    def students(self, seed):
        """What the student is trained with; here as all models are."""
        return self.common(seed)

    def call(self, arguments, log=None):
        finished = subprocess.run(
            [self.trainer, *arguments], cwd=ROOT, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if log is None else subprocess.STDOUT, text=True)
        if log:
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text(finished.stdout)
        if finished.returncode != 0:
            message = (finished.stderr or finished.stdout).strip().splitlines()
            raise Failure(f"trainer {' '.join(arguments[:2])} failed: {message[-1] if message else finished.returncode}")
        return finished.stdout

    def run(self, command, config, settings, folder, extra=()):
        """Trains, or goes on with a training that was stopped."""
        if not (folder / "summary.json").exists():
            arguments = [command, str(config), "--output", str(folder), *extra]
            for key, value in settings.items():
                arguments += ["--set", f"{key}={value}"]
            if (folder / "config.yaml").exists():
                arguments.append("--resume")
            self.call(arguments, folder.parent / f"{folder.name}.log")
        return json.loads((folder / "summary.json").read_text())

    def model_folder(self, name, seed):
        return self.work / ("students" if name == plan.STUDENT else "teachers") / f"{name}-seed-{seed}"

    def train_model(self, name, seed, epochs=plan.MODEL_EPOCHS):
        """The student or a teacher, alone."""
        teaches = name in plan.RECIPES
        config, settings = plan.RECIPES.get(name, ("Configs/cifar10-pico.yaml", {}))
        folder = self.model_folder(name, seed)
        if epochs != plan.MODEL_EPOCHS:
            folder = folder.with_name(f"{folder.name}-epochs-{epochs}")
        data = self.data and self.data_source if teaches else self.data
        settings = {**self.common(seed, data), "training.epochs": epochs, **settings}
        return self.run("train", ROOT / config, settings, folder), folder

    def model(self, name, seed):
        """Weights of the student or a teacher; trained first when they are missing."""
        self.train_model(name, seed)
        return self.model_folder(name, seed) / "weights" / "last.safetensors"

    def order(self):
        return self.measured_costs()["order"]

    def measured_costs(self):
        found = self.load("costs")
        if found is None:
            self.run_costs()
            found = self.load("costs")
        return found

    def write_config(self, path, order, student, start, losses, epochs):
        teachers = sorted(set(order)) if isinstance(order, list) else plan.TEACHERS
        lines = [
            f"extends: {ROOT}/Configs/cifar10-pico.yaml",
            "student: " + json.dumps({"name": plan.STUDENT, "weights": str(student), "start": start}),
            "pool:", "  teachers:",
            *(f"    - {json.dumps({'name': name, 'weights': str(self.model(name, 0))})}" for name in teachers),
            "order: " + (json.dumps(order) if isinstance(order, list) else order),
            f"maxTeachers: {plan_limit(order)}",
            "cost: {images: 3000}",
            "stage:", f"  epochs: {epochs}", "  losses:",
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
        epochs = plan.MODEL_EPOCHS + 3 * plan.STAGE_EPOCHS
        summary, _ = self.train_model(plan.STUDENT, seed, epochs)
        self.save(f"long-seed-{seed}", {"seed": seed, **kept(summary)})

    def run_costs(self):
        config = self.work / "costs.yaml"
        self.write_config(config, "bgs", self.model(plan.STUDENT, 0), "trained", [plan.KD, plan.PKD], plan.STAGE_EPOCHS)
        self.measure_costs(config)

    def measure_costs(self, config):
        """What a configuration's pool costs, and the order that follows."""
        begin = time.monotonic()
        arguments = ["order", str(config), "--json", "--output", str(self.work / "costs")]
        for key, value in self.students(0).items():
            arguments += ["--set", f"{key}={value}"]
        report = json.loads(self.call(arguments))
        for cost in report["costs"]:
            cost.pop("levels", None)
        report.pop("teachers", None)
        self.save("costs", {**report, "seconds": round(time.monotonic() - begin, 1)})

    def run_distillation(self, arm):
        name = f"{arm.name}-seed-{arm.seed}"
        folder = self.work / "runs" / name
        order = arm.order or self.order()
        if arm.student:
            student = self.work / "runs" / f"{arm.student}-seed-{arm.seed}" / "weights" / "last.safetensors"
            if not student.exists():
                raise Failure(f"{name} needs {arm.student}, whose weights are gone; delete its result to run it again")
        else:
            student = self.model(plan.STUDENT, arm.seed)
        config = self.work / "configs" / f"{name}.yaml"
        self.write_config(config, order, student, arm.start, arm.losses, arm.epochs)
        summary = self.run(
            "distill", config, {**self.common(arm.seed), **arm.settings}, folder, ["--arm", arm.way])
        stages = json.loads((folder / "stages.json").read_text())
        epochs = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        digest = hashlib.sha256((folder / "weights" / "last.safetensors").read_bytes()).hexdigest()
        self.save(name, {
            "seed": arm.seed, "way": arm.way, "order": order, **kept(summary),
            "stages": [
                {"teacher": stage["teacher"], "epochs": stage["epochs"], "before": stage["testAccuracyBefore"],
                 "after": stage["testAccuracyAfter"]} for stage in stages],
            "validation": [line.get("validationAccuracy") for line in epochs],
            "weights": digest,
        })

    def run_flatness(self, seed):
        """M7: how fast the loss rises around what the arms ended with."""
        self.measure_flatness(seed, "Configs/cifar10-pico.yaml", images=1000)

    def measure_flatness(self, seed, data, images):
        """The rise of the loss on some of a configuration's images."""
        names = ["none", "direct", "ensemble", "progressive"]
        weights = [self.work / "runs" / f"{name}-seed-{seed}" / "weights" / "last.safetensors" for name in names]
        arguments = ["flatness", *map(str, weights), "--data", str(data), "--json", "--images", str(images)]
        for key, value in self.students(seed).items():
            arguments += ["--set", f"{key}={value}"]
        curves = {}
        for name, report in zip(names, json.loads(self.call(arguments))):
            means = [round(sum(values) / len(values), 5) for values in zip(*report["losses"])]
            curves[name] = {"rise": report["meanRise"], "position": [round(x, 3) for x in report["steps"]], "loss": means}
        self.save(f"flatness-seed-{seed}", {"seed": seed, "curves": curves})

    def jobs(self):
        """All arms in the order in which they are run: (name, what runs it)."""
        jobs = []
        for name in [plan.STUDENT, *plan.TEACHERS]:
            for seed in plan.SEEDS if name == plan.STUDENT else [0]:
                jobs.append((f"model-{name}-seed-{seed}", lambda name=name, seed=seed: self.run_model(name, seed)))
        jobs.append(("costs", self.run_costs))
        distillations = [arm for seed in plan.SEEDS for arm in plan.main_arms(seed)]
        jobs += self.distillation_jobs(distillations)
        jobs += [(f"long-seed-{seed}", lambda seed=seed: self.run_long(seed)) for seed in plan.SEEDS]
        jobs += [(f"flatness-seed-{seed}", lambda seed=seed: self.run_flatness(seed)) for seed in plan.SEEDS]
        orders = [list(order) for length in (1, 2, 3) for order in itertools.permutations(plan.TEACHERS, length)]
        jobs += self.distillation_jobs(plan.order_arms(0, orders))
        jobs += self.distillation_jobs([arm for seed in plan.SEEDS for arm in plan.bridge_arms(seed)])
        jobs += self.distillation_jobs([arm for seed in plan.SEEDS for arm in plan.repair_arms(seed)])
        return jobs

    def distillation_jobs(self, distillations):
        return [(f"{arm.name}-seed-{arm.seed}", lambda arm=arm: self.run_distillation(arm)) for arm in distillations]


def plan_limit(order):
    return len(order) if isinstance(order, list) else 3


def kept(summary):
    keys = ["testAccuracy", "bestTestAccuracy", "bestEpoch", "epochs", "trainLoss", "trainAccuracy", "testLoss", "gap",
            "seconds", "parameters"]
    return {key: summary[key] for key in keys if key in summary}


def options_of(parser):
    """What both programs of experiments can be asked for."""
    add = parser.add_argument
    add("--only", nargs="+", metavar="ARM", help="run these arms alone, and what they need")
    add("--match", metavar="TEXT", help="run arms whose names contain TEXT alone")
    add("--results", help="where results are kept; in Docs/experiments by default")
    add("--work", help="where models and runs are kept; in Runs by default")
    add("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    add("--threads", type=int, default=0, help="threads of each run, changes no byte; all processors by default")
    add("--precision", default="bf16", choices=["fp32", "bf16"])
    add("--list", action="store_true", help="say what is done, and stop")


def wanted(options, jobs):
    """The jobs, name and call, that are asked for."""
    names = [name for name, _ in jobs]
    for name in options.only or []:
        if name not in names:
            raise Failure(f"--only {name}: there is no such arm; --list names all")
    return [
        (name, call) for name, call in jobs
        if (not options.only or name in options.only) and (not options.match or options.match in name)]


def carry_out(options, laboratory, jobs, score):
    """Runs what is missing of the jobs, or lists them; `score` words a result, empty where it has none."""
    if options.list:
        for name, _ in jobs:
            result = laboratory.load(name)
            print(f"{'done   ' if result else 'missing'}  {name:50} {score(result) if result else ''}")
        return
    if not Path(laboratory.trainer).exists():
        raise Failure(f"{laboratory.trainer} does not exist; run Scripts/setup.sh and swift build -c release first")
    for number, (name, call) in enumerate(jobs, 1):
        if laboratory.load(name):
            continue
        begin = time.monotonic()
        print(f"{number}/{len(jobs)} {name} ...", flush=True)
        call()
        words = score(laboratory.load(name))
        print(f"    {f'{words}, ' if words else ''}{time.monotonic() - begin:.0f} s", flush=True)


def command(main):
    """Runs a program of experiments: a failure is one sentence, and it may be stopped at any time."""
    try:
        main()
    except Failure as failure:
        print(f"error: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        sys.exit(130)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="the folder of the images")
    options_of(parser)
    parser.set_defaults(results=str(ROOT / "Docs" / "experiments"), work=str(ROOT / "Runs" / "experiments"))
    options = parser.parse_args()
    laboratory = Laboratory(options)

    def score(result):
        return f"{100 * result['testAccuracy']:.2f} %" if result.get("testAccuracy") else ""

    carry_out(options, laboratory, wanted(options, laboratory.jobs()), score)


if __name__ == "__main__":
    command(main)
