"""What the comparisons with PyTorch share: a model trained here and by its twin, alternately, by the same recipe on the same
images. PyTorch is given the memory format, and its threads the way of waiting for each other, with which a few steps take the
least time.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import program

PROJECT = pathlib.Path(__file__).resolve().parents[2]
OURS = "Hornbeam"
FORMATS = ["channels_last", "contiguous"]
# Of OpenMP's threads at the end of each piece of work: asleep, or busily looking whether the others are done.
WAITING = ["passive", "active"]


def ensure_environment(packages):
    """Goes on in .venv, made with what is missing.

    packages -- the name to install of each module
    """
    if all(importlib.util.find_spec(module) for module in packages):
        return
    environment = PROJECT / ".venv"
    python = environment / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() == environment.resolve() and os.environ.get("HORNBEAM_PACKAGES"):
        sys.exit(f"error: {', '.join(packages)} cannot be imported from {environment}")
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "-q", *packages.values()], check=True)
    os.environ["HORNBEAM_PACKAGES"] = "installed"
    os.execv(str(python), [str(python), *sys.argv])


def run(command, waiting=None):
    """What a command prints and the seconds it took; its own sentence ends the script when it fails."""
    begin = time.monotonic()
    try:
        environment = dict(os.environ) | ({"OMP_WAIT_POLICY": waiting} if waiting else {})
        result = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=environment)
    except OSError as error:
        sys.exit(f"error: {command[0]} cannot be run ({error.strerror}); build it, or name it with --trainer")
    if result.returncode != 0:
        lines = (result.stderr or result.stdout).strip().splitlines()
        sys.exit(f"error: {' '.join(map(str, command[:3]))} ended with {result.returncode}: {lines[-1] if lines else ''}")
    return result.stdout, time.monotonic() - begin


def settings(values):
    return [word for value in values for word in ("--set", value)]


def spread(values, decimals):
    deviation = statistics.stdev(values) if len(values) > 1 else 0
    return f"{statistics.mean(values):.{decimals}f} ± {deviation:.{decimals}f}"


class Comparison:
    """One configuration on both sides. A subclass says what a task needs: `twin`, `recipe`, `measures`, and how the twin is
    told about images and classes."""
    # The other side's program, what it is called, and what it needs.
    twin, library, packages = None, "PyTorch", {}
    # The module that reads a configuration for it.
    recipe = None
    # How first values are exported for the twin.
    export_options = []
    # What is compared: its name in results, its title. The first one decides.
    measures = []
    # Whether a measure that neither side knows has no column.
    hides_missing = False

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.values = self.recipe.resolved(options.trainer, options.config, options.set)
        if reason := self.recipe.problem(self.values):
            sys.exit(f"error: {options.config}: {reason}")

    def ours_measured(self, summary):
        """The measures of summary.json."""
        raise NotImplementedError

    def theirs_measured(self, test):
        """The same of the twin's test part."""
        raise NotImplementedError

    def data_options(self, data):
        """What the twin is told of the exported images, and the settings with which the first values are exported."""
        raise NotImplementedError

    def export(self, seed):
        """The images as the trainer parts them; a part for validation may depend on the seed."""
        folder = self.folder / f"data-{seed}"
        if not (folder / "classes.txt").exists():
            run([self.options.trainer, "inspect-data", self.options.config, "--export", folder, "--json",
                 *settings([*self.options.set, f"run.seed={seed}"])])
        return folder

    def ours(self, seed):
        output = self.folder / f"run-{seed}"
        _, wall = run([
            self.options.trainer, "train", self.options.config, "--output", output, "--overwrite", "--json",
            *settings([*self.options.set, f"run.seed={seed}", f"training.threads={self.options.threads}"])])
        summary = json.loads((output / "summary.json").read_text())
        return self.ours_measured(summary) | {
            "seconds": summary["seconds"], "wall": wall, "imagesPerSecond": summary["imagesPerSecond"],
            "parameters": summary["parameters"]}

    def twin_command(self, data, seed, memory_format):
        told, first_settings = self.data_options(data)
        options = self.recipe.model_options(self.values) | self.recipe.training_options(self.values) | told
        options |= {"seed": seed, "threads": self.options.threads, "memory-format": memory_format}
        if self.options.equal_start:
            first = self.folder / f"first-{seed}.safetensors"
            run([self.options.trainer, "export", self.options.config, "--safetensors", first, *self.export_options,
                 *settings([*self.options.set, f"run.seed={seed}", *first_settings])])
            options["initial"] = first
        return [sys.executable, self.twin, data, "--json", *self.recipe.arguments(options)]

    def theirs(self, seed, memory_format, waiting):
        output, wall = run(self.twin_command(self.export(seed), seed, memory_format), waiting)
        result = json.loads(output.strip().splitlines()[-1])
        return self.theirs_measured(result["test"]) | {
            "seconds": result["seconds"], "wall": wall, "imagesPerSecond": result["imagesPerSecond"],
            "parameters": result["parameters"]}

    def fastest(self):
        """The memory format and the way of waiting with which PyTorch takes the least time for this model here."""
        options = self.options
        seed = options.seeds[0]
        data = self.export(seed)
        formats = FORMATS if options.memory_format == "faster" else [options.memory_format]
        ways = WAITING if options.waiting == "faster" else [options.waiting]
        choices = [(memory_format, waiting) for memory_format in formats for waiting in ways]
        if len(choices) == 1:
            return choices[0]
        times = {}
        for choice in choices:
            command = self.twin_command(data, seed, choice[0]) + ["--steps", options.trial_steps]
            times[choice] = json.loads(run(command, choice[1])[0].strip().splitlines()[-1])["stepSeconds"]
            print(f"PyTorch's step, {' and '.join(choice)} waiting: {1000 * times[choice]:.0f} ms", flush=True)
        return min(times, key=times.get)

    def sides(self):
        """What trains each side for a seed, by its name."""
        sides = {}
        if self.options.only != "pytorch":
            sides[OURS] = self.ours
        if self.options.only != "ours":
            memory_format, waiting = self.fastest()
            sides[f"{self.library}, {memory_format.replace('_', ' ')}"] = lambda seed: self.theirs(
                seed, memory_format, waiting)
        return sides

    def table(self, results):
        shown = [(name, title) for name, title in self.measures
                 if not self.hides_missing or any(row[name] is not None for rows in results.values() for row in rows)]
        columns = ["", "parameters", *(title for _, title in shown), "training and evaluation, s",
                   "all of the process, s", "images/s"]
        lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
        for side, rows in results.items():
            def cell(key, decimals):
                values = [row[key] for row in rows]
                return "" if None in values else spread(values, decimals)

            lines.append("| " + " | ".join([
                side, f"{rows[0]['parameters']:,}", *(cell(name, 4) for name, _ in shown), cell("seconds", 1),
                cell("wall", 1), cell("imagesPerSecond", 1)]) + " |")
        return "\n".join(lines)

    def time(self, ours, theirs):
        """A sentence's beginning about the mean seconds of both sides."""
        return f"PyTorch takes {theirs / ours:.2f} times our time; "

    def conclusion(self, results):
        ours, theirs = results.values()
        key, title = self.measures[0]
        mean = lambda rows, key: statistics.mean(row[key] for row in rows)
        text = self.time(mean(ours, "seconds"), mean(theirs, "seconds"))
        if any(row[key] is None for rows in results.values() for row in rows):
            return text + f"{title} is not defined on one of the sides"
        difference = mean(ours, key) - mean(theirs, key)
        if len(ours) < 2 or len(theirs) < 2:
            return text + f"our {title} is {difference:+.4f} away from PyTorch's, which one seed says little about"
        allowed = max(statistics.stdev(row[key] for row in rows) for rows in results.values())
        verdict = "within" if abs(difference) <= allowed else "beyond"
        return text + (f"our {title} is {difference:+.4f} away from PyTorch's, {verdict} the deviation of the seeds "
                       f"({allowed:.4f})")


def parser_of(description, task):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", help=f"a configuration of {task}")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="replaces a value, may be repeated")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory-format", choices=["faster", *FORMATS], default="faster",
                        help="of PyTorch; the one with the shorter step is looked for by default")
    parser.add_argument("--waiting", choices=["faster", *WAITING], default="faster",
                        help="of PyTorch's threads for each other; likewise")
    parser.add_argument("--trial-steps", type=int, default=12, help="updates of each of these trials")
    parser.add_argument("--equal-start", action="store_true",
                        help="PyTorch begins with the first values that the trainer exports for the seed")
    parser.add_argument("--only", choices=["ours", "pytorch"], help="trains one side alone, for --json and a later --with")
    parser.add_argument("--with", dest="others", action="append", default=[], metavar="FILE",
                        help="a file of --json whose sides are put beside those of this run, may be repeated")
    parser.add_argument("--work", help="where runs and images are kept; a temporary folder by default")
    parser.add_argument("--json", metavar="FILE", help="writes all results there")
    parser.add_argument("--trainer", type=program.trainer, default="", help="the program; the one built here by default")
    return parser


def earlier(paths):
    """The sides of files of --json."""
    results = {}
    for path in paths:
        try:
            found = json.loads(pathlib.Path(path).read_text())
        except (OSError, ValueError) as error:
            sys.exit(f"error: {path}: no results of --json ({error})")
        if twice := results.keys() & found.keys():
            sys.exit(f"error: {path}: {', '.join(twice)} is in another file, too")
        results |= found
    return results


def check_models(results, goes_on):
    """Both sides must have as many parameters."""
    counts = [rows[-1]["parameters"] for rows in results.values() if rows]
    if len(counts) == 2 and counts[0] != counts[1] and goes_on is not True:
        hint = "" if goes_on is None else " (--different-models goes on)"
        sys.exit(f"error: the two sides are different models: {counts[0]:,} parameters here, {counts[1]:,} in PyTorch{hint}")


def main(kind, options):
    """kind -- the subclass of Comparison"""
    ensure_environment(kind.packages)
    goes_on = getattr(options, "different_models", None)
    others = earlier(options.others)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(options.work or temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        comparison = kind(options, folder)
        sides = comparison.sides()
        if twice := others.keys() & sides.keys():
            sys.exit(f"error: --with already has results of {', '.join(twice)}, expected --only for the other side")
        names = sorted([*sides, *others], key=lambda name: name != OURS)
        results = {name: others.get(name, []) for name in names}
        for seed in options.seeds:
            for side, work in sides.items():
                row = work(seed)
                results[side].append({"seed": seed, **row})
                key, title = comparison.measures[0]
                print(f"seed {seed}, {side}: {title} {row[key] or 0:.4f}, {row['seconds']:.1f} s, "
                      f"{row['imagesPerSecond']:.1f} images/s", flush=True)
            check_models(results, goes_on)
        print("\n" + comparison.table(results))
        if len(results) == 2:
            print("\n" + comparison.conclusion(results))
        if options.json:
            pathlib.Path(options.json).write_text(json.dumps(results, indent=1) + "\n")
