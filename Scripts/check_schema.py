#!/usr/bin/env python3
"""Checks that Configs/schema.json accepts every configuration beside it and refuses some mistakes.

Needs jsonschema and pyyaml from pip: Scripts/check_schema.py
"""

import json
import pathlib
import re
import sys

import jsonschema
import yaml

CONFIGS = pathlib.Path(__file__).resolve().parent.parent / "Configs"

# Text, and a part of what is wrong with it; None for what must be accepted.
CASES = [
    ("training: {epochs: 3}", None),
    ("data: {mean: [1/2, 0.5, 1e-1]}", None),
    ("loss: {classWeights: [1, 2]}", None),
    ("loss: {classWeights: balanced}", None),
    ("optimizer: {ema:}", None),
    ("data: {imageSize: null, validation: 0.2}", None),
    ("training: {batchSize: 1_000, epochs: null}", None),
    ("model: {name: resnet20, block: basic}", None),
    ("extends: other.yaml\nmodel: {orders: [1, 2, 3, 4], block: basic}", None),
    ("stage: {losses: [{kind: mgd, mask: spatial}]}", None),
    ("training: {epoch: 3}", "epoch"),
    ("training: {epochs: 0}", "less than the minimum"),
    ("training: {epochs: 2.5}", "2.5"),
    ("optimizer: {learningRate: fast}", "fast"),
    ("optimizer: {learningRate: 0}", "learningRate 0 is"),
    ("optimizer: {nesterov: maybe}", "maybe"),
    ("data: {colorJitter: [1, 2]}", "[1, 2]"),
    ("model: {name: resnet_20}", "resnet_20"),
    ("model: {name: resnet20, orders: [1, 2, 3]}", "[1, 2, 3]"),
    ("stage: {losses: [{weight: 2}]}", "kind"),
    ("stage: {losses: [{kind: kd, mask: spatial}]}", "spatial"),
    ("pool: {teachers: [{weights: a.safetensors}]}", "name"),
]


class Loader(yaml.SafeLoader):
    """YAML 1.2's numbers, as editors read them: 1e-3 is one, 1_000 is none."""


Loader.yaml_implicit_resolvers = {
    first: [rule for rule in rules if "float" not in rule[0] and "int" not in rule[0]]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
DIGITS = list("-+.0123456789")
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?[0-9]+$"), DIGITS)
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"), DIGITS)


def main():
    schema = json.loads((CONFIGS / "schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    failures = 0
    files = sorted(CONFIGS.rglob("*.yaml"))
    for path in files:
        for error in validator.iter_errors(yaml.load(path.read_text(), Loader)):
            failures += 1
            print(f"{path.relative_to(CONFIGS)}: {error.json_path}: {error.message}")
        reference = path.read_text().split("\n")[0].split("$schema=")[-1]
        if (path.parent / reference).resolve() != CONFIGS / "schema.json":
            failures += 1
            print(f"{path.relative_to(CONFIGS)}: the first line does not name the schema")
    for text, part in CASES:
        errors = [f"{e.json_path} {e.message}" for e in validator.iter_errors(yaml.load(text, Loader))]
        if part is None and errors or part and not any(part in e for e in errors):
            failures += 1
            print(f"{text!r}: expected {part or 'no problem'}, found {errors}")
    print(f"{len(files)} configurations, {len(CASES)} cases, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
