#!/usr/bin/env python3
"""Sums known arrays over 1, 2, 4 and 8 ranks with every MPI that is installed, and compares the bits.

    Scripts/check_mpi.py [--trainer PROGRAM]
    Scripts/check_mpi.py --ranks 1 2 --launcher /opt/mpi/bin/mpirun --library /opt/mpi/lib/libmpi.so.12

All sums must have one checksum, whatever the MPI and the number of ranks. Tells what an MPI that is not there would need,
and goes on without it; exits with 0 and a reason where there is none at all. Also starts ranks with a library that is not the
launcher's, which must end in one sentence that names both. --install fetches what is missing with apt-get, where that works.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys

import program

# The launcher's name on Debian, the package, the library, and what the launcher wants beside the number of ranks.
KINDS = {
    "Open MPI": ("mpirun.openmpi", "openmpi-bin", "libmpi.so.40", ["--oversubscribe", "--bind-to", "none"]),
    "MPICH": ("mpirun.mpich", "mpich", "libmpich.so.12", []),
}
ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def launch(launcher, options, ranks, trainer, library=None):
    environment = {**os.environ, **ENVIRONMENT}
    environment.pop("HORNBEAM_MPI", None)
    if library:
        environment["HORNBEAM_MPI"] = library
    return subprocess.run(
        [launcher, *options, "-n", str(ranks), trainer, "doctor", "--distributed", "--json"], env=environment,
        capture_output=True, text=True, timeout=600)


def check(name, launcher, options, counts, trainer, library, known):
    """Compares with the checksums known so far; whether all is well."""
    for ranks in counts:
        done = launch(launcher, options, ranks, trainer, library)
        if done.returncode != 0:
            print(f"{name}, {ranks} ranks: failed\n{done.stdout}{done.stderr}")
            return False
        result = json.loads(done.stdout)
        if result["ranks"] != ranks:
            print(f"{name}: {ranks} ranks were started and {result['ranks']} found each other")
            return False
        sums = ", ".join(f"{s['bytes'] >> 10} KB in {s['milliseconds']:.2f} ms" for s in result["sums"])
        print(f"{result['library']}, {ranks} ranks x {result['threads'][0]} threads: {sums}")
        checksums = [s["checksum"] for s in result["sums"]]
        if known and checksums != known[0]:
            print(f"the sums have the checksums {checksums}, and had {known[0]} before")
            return False
        known[:] = [checksums]
    return True


def mixed(launcher, options, library, trainer):
    """A launcher with the library of another MPI."""
    done = launch(launcher, options, 2, trainer, library)
    sentences = [line for line in done.stderr.splitlines() if "started by" in line and "but the library is" in line]
    if done.returncode == 0 or not sentences:
        print(f"{launcher} with {library} was not refused:\n{done.stdout}{done.stderr}")
        return False
    print("refused: " + sentences[0])
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trainer", type=program.trainer, default="")
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--launcher", help="an mpirun of your own instead of the installed ones")
    parser.add_argument("--library", help="its library")
    parser.add_argument("--install", action="store_true", help="fetch both MPIs with apt-get where they are missing")
    arguments = parser.parse_args()
    known = []
    if arguments.launcher:
        sys.exit(not check(arguments.launcher, arguments.launcher, [], arguments.ranks, arguments.trainer,
                           arguments.library, known))
    if arguments.install:
        missing = [package for launcher, package, _, _ in KINDS.values() if not shutil.which(launcher)]
        if missing and os.geteuid() == 0 and shutil.which("apt-get"):
            quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            subprocess.run(["apt-get", "update", "-qq"], **quiet)
            subprocess.run(["apt-get", "install", "-y", "-qq", *missing], **quiet)
    found = {}
    for name, (launcher, package, library, options) in KINDS.items():
        if shutil.which(launcher):
            found[name] = (launcher, options, library)
        else:
            print(f"skipped: {name} is not there ({launcher}; Debian's package is {package})")
    good = all([check(name, launcher, options, arguments.ranks, arguments.trainer, None, known)
                for name, (launcher, options, _) in found.items()])
    if len(found) == 2:
        (first, options, library), (second, other_options, other) = found.values()
        good = mixed(first, options, other, arguments.trainer) and good
        good = mixed(second, other_options, library, arguments.trainer) and good
    sys.exit(not good)


if __name__ == "__main__":
    main()
