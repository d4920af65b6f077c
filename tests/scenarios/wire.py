"""A cable that can be pulled: a network namespace for a daemon, and one between it and the servers.

Where the one between stops forwarding, packets vanish without any answer, as on a cut line: no
reset, no keepalive. It needs root and `ip`.
"""

import itertools
import os
import shutil
import subprocess

_numbers = itertools.count(os.getpid() % 200)


def missing() -> str:
    """Why there can be no wire here; "" where there can."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "needs root and the program ip"
    made = subprocess.run(["ip", "netns", "add", "bond-probe"], capture_output=True, text=True)
    subprocess.run(["ip", "netns", "delete", "bond-probe"], capture_output=True)
    return made.stderr.strip()


def ip(*words: str, inside: str = "") -> None:
    prefix = ["ip", "netns", "exec", inside] if inside else []
    subprocess.run([*prefix, "ip", *words], check=True, capture_output=True)


class Wire:
    """From a namespace `inside` to this machine's address `address`."""

    def __init__(self) -> None:
        number = next(_numbers)
        self.inside, self.between = f"bond-in{number}", f"bond-wire{number}"
        near, far = f"bond{number}a", f"bond{number}b"
        net = f"10.{200 + number // 250}.{number % 250}"
        self.address = f"{net}.1"
        self.mask = f"{net}.0/24"
        for name in (self.inside, self.between):
            ip("netns", "add", name)
        ip("link", "add", near, "type", "veth", "peer", "name", "side0", "netns", self.between)
        ip("link", "add", far, "type", "veth", "peer", "name", "side1", "netns", self.between)
        ip("link", "set", far, "netns", self.inside)
        ip("addr", "add", f"{net}.1/30", "dev", near)
        ip("link", "set", near, "up")
        ip("route", "add", f"{net}.4/30", "via", f"{net}.2")
        for device, address in (("side0", f"{net}.2/30"), ("side1", f"{net}.6/30")):
            ip("addr", "add", address, "dev", device, inside=self.between)
            ip("link", "set", device, "up", inside=self.between)
        ip("addr", "add", f"{net}.5/30", "dev", far, inside=self.inside)
        for device in (far, "lo"):
            ip("link", "set", device, "up", inside=self.inside)
        ip("route", "add", "default", "via", f"{net}.6", inside=self.inside)
        self.plug()

    def plug(self) -> None:
        """Let packets through."""
        self._forward(1)

    def pull(self) -> None:
        """Let packets vanish."""
        self._forward(0)

    def _forward(self, to: int) -> None:
        setting = f"echo {to} > /proc/sys/net/ipv4/ip_forward"
        command = ["ip", "netns", "exec", self.between, "sh", "-c", setting]
        subprocess.run(command, check=True, capture_output=True)

    @property
    def prefix(self) -> tuple[str, ...]:
        """What to put before a command that runs at the far end."""
        return ("ip", "netns", "exec", self.inside)

    def end(self) -> None:
        """Take it away."""
        for name in (self.inside, self.between):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)
