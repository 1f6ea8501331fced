"""Where the trainer is, for the option --trainer of all scripts."""
import pathlib
import subprocess

PROJECT = pathlib.Path(__file__).resolve().parent.parent


def trainer(path=""):
    """The program at `path`, or else the one beside the scripts, as a release has it, the one built here, or, where there is
    no swift to ask, the one that the shell finds.

    Made to be the `type` of an argument with the default "", which argparse hands over only where nothing was given.
    """
    if path:
        return path
    beside = PROJECT / "trainer"
    if beside.is_file():
        return str(beside)
    # The folder of what was built differs from toolchain to toolchain.
    command = ["swift", "build", "--package-path", str(PROJECT), "-c", "release", "--show-bin-path"]
    try:
        folder = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "trainer"
    return str(pathlib.Path(folder) / "trainer")
