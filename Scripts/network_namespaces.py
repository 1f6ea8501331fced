#!/usr/bin/env python3
"""Two network namespaces as two hosts with names and addresses of their own, for trying out what happens between machines.

    sudo Scripts/network_namespaces.py up                               # hosts hornbeam-a and hornbeam-b
    sudo Scripts/network_namespaces.py run --ranks 4 -- trainer doctor --distributed
    sudo Scripts/network_namespaces.py run --mpi mpich --ranks 2 -- trainer train CONFIG --distributed
    sudo Scripts/network_namespaces.py cut                              # the cable is out ...
    sudo Scripts/network_namespaces.py mend                             # ... and in again
    sudo Scripts/network_namespaces.py slow --rate 1gbit                # a slower network; --rate none ends it
    sudo Scripts/network_namespaces.py down

Ranks are divided between the hosts, the first half on hornbeam-a, and all that goes from one to the other goes over TCP.
Needs root, iproute2, util-linux and an MPI (Debian: openmpi-bin or mpich).
"""
import argparse
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

NETWORK = "10.87.17.0/24"
HOSTS = {"hornbeam-a": "10.87.17.1", "hornbeam-b": "10.87.17.2"}
LINK = "hornbeam0"
# Stands in for ssh: the launcher calls it with the host and the command.
AGENT = """#!/bin/sh
while [ "${1#-}" != "$1" ]; do shift; done
case "$1" in
%(cases)s
*) echo "no such host: $1" >&2; exit 1 ;;
esac
shift
exec ip netns exec "$host" unshare --uts sh -c 'hostname "$1"; shift; exec sh -c "$*"' sh "$host" "$@"
"""


def tool(name):
    """A program for administrators, whose folders a user's PATH may lack."""
    return shutil.which(name, path="/usr/sbin:/sbin:" + os.environ.get("PATH", "")) or name


def ip(*words, check=True):
    done = subprocess.run([tool("ip"), *words], capture_output=True, text=True)
    if check and done.returncode != 0:
        sys.exit(f"error: ip {' '.join(words)}: {done.stderr.strip() or 'failed'}")
    return done


def exists():
    names = {line.split()[0] for line in ip("netns", "list").stdout.splitlines() if line.split()}
    return set(HOSTS) <= names


def need_hosts():
    if not exists():
        sys.exit("error: there are no hosts, make them with: sudo Scripts/network_namespaces.py up")


def up(_):
    if exists():
        return
    for host in HOSTS:
        if (made := ip("netns", "add", host, check=False)).returncode != 0:
            sys.exit(f"error: this system permits no network namespaces ({made.stderr.strip()})")
    first, second = HOSTS
    ip("link", "add", LINK, "netns", first, "type", "veth", "peer", "name", LINK, "netns", second)
    for host, address in HOSTS.items():
        ip("-n", host, "address", "add", f"{address}/24", "dev", LINK)
        ip("-n", host, "link", "set", "lo", "up")
        ip("-n", host, "link", "set", LINK, "up")
    print("hosts: " + ", ".join(f"{host} ({address})" for host, address in HOSTS.items()))


def down(_):
    # The link goes with the namespaces.
    for host in HOSTS:
        ip("netns", "delete", host, check=False)


def cut(_):
    need_hosts()
    ip("-n", list(HOSTS)[1], "link", "set", LINK, "down")


def mend(_):
    need_hosts()
    ip("-n", list(HOSTS)[1], "link", "set", LINK, "up")


def slow(arguments):
    need_hosts()
    for host in HOSTS:
        base = [tool("tc"), "-n", host, "qdisc"]
        subprocess.run([*base, "del", "dev", LINK, "root"], capture_output=True)
        if arguments.rate == "none":
            continue
        # A delay needs a kernel with netem.
        limits = ["tbf", "rate", arguments.rate, "burst", "1mb", "limit", "4mb"]
        if arguments.delay:
            limits = ["netem", "rate", arguments.rate, "delay", arguments.delay, "limit", "100000"]
        if subprocess.run([*base, "add", "dev", LINK, "root", *limits]).returncode != 0:
            sys.exit(f"error: this system cannot slow the network down by {limits[0]}")


def launcher(mpi):
    """The launcher of that MPI; Debian has both under names of their own."""
    for name in (f"mpirun.{mpi}", "mpirun"):
        if path := shutil.which(name):
            return path
    sys.exit(f"error: there is no mpirun of {mpi}, install it with: apt-get install "
             + ("openmpi-bin" if mpi == "openmpi" else "mpich"))


def run(arguments):
    need_hosts()
    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not command:
        sys.exit("error: name the program to run after --")
    first = list(HOSTS)[0]
    counts = [arguments.ranks - arguments.ranks // 2, arguments.ranks // 2]
    with tempfile.TemporaryDirectory() as folder:
        agent = pathlib.Path(folder) / "agent"
        cases = "\n".join(f"{host}|{address}) host={host} ;;" for host, address in HOSTS.items())
        agent.write_text(AGENT % {"cases": cases})
        agent.chmod(0o755)
        used = [(address, count) for address, count in zip(HOSTS.values(), counts) if count > 0]
        environment = dict(os.environ)
        if arguments.mpi == "openmpi":
            hostfile = pathlib.Path(folder) / "hosts"
            hostfile.write_text("".join(f"{address} slots={count}\n" for address, count in used))
            words = [launcher("openmpi"), "--hostfile", str(hostfile), "-n", str(arguments.ranks), "--bind-to", "none",
                     "--mca", "plm_rsh_agent", str(agent), "--mca", "btl", "self,vader,tcp",
                     "--mca", "btl_tcp_if_include", NETWORK, "--mca", "oob_tcp_if_include", NETWORK,
                     # Otherwise mpirun waits for minutes for a host that is gone.
                     "--mca", "oob_tcp_keepalive_time", "10", "--mca", "oob_tcp_keepalive_intvl", "2",
                     "--mca", "oob_tcp_keepalive_probes", "3"]
            environment.update(OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
            for name in sorted(environment):
                if name.startswith("HORNBEAM_"):
                    words += ["-x", name]
        else:
            words = [launcher("mpich"), "-launcher", "ssh", "-launcher-exec", str(agent), "-iface", LINK,
                     "-hosts", ",".join(f"{address}:{count}" for address, count in used), "-n", str(arguments.ranks)]
            # Both hosts have one memory, and UCX would find out.
            environment.update(UCX_TLS="tcp,self", UCX_NET_DEVICES=LINK)
        start = 'hostname "$1"; shift; exec "$@"'
        words = [tool("ip"), "netns", "exec", first, "unshare", "--uts", "sh", "-c", start, "sh", first, *words, *command]
        if arguments.show:
            print(" ".join(map(shlex.quote, words)), file=sys.stderr)
        sys.exit(subprocess.run(words, env=environment).returncode)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(dest="action", required=True)
    for name, action in (("up", up), ("down", down), ("cut", cut), ("mend", mend)):
        actions.add_parser(name).set_defaults(action=action)
    slower = actions.add_parser("slow")
    slower.add_argument("--rate", default="1gbit", help="such as 1gbit, or none for as fast as it goes")
    slower.add_argument("--delay", help="of each packet, such as 0.1ms")
    slower.set_defaults(action=slow)
    runner = actions.add_parser("run")
    runner.add_argument("--mpi", choices=["openmpi", "mpich"], default="openmpi")
    runner.add_argument("--ranks", type=int, default=2)
    runner.add_argument("--show", action="store_true", help="print the launcher's command line")
    runner.add_argument("command", nargs=argparse.REMAINDER)
    runner.set_defaults(action=run)
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("error: network namespaces need root, start it with sudo")
    if not pathlib.Path(tool("ip")).is_absolute():
        sys.exit("error: ip is missing, install it with: apt-get install iproute2")
    arguments.action(arguments)


if __name__ == "__main__":
    main()
