"""What is there on this machine besides Python packages."""

import ctypes
import shutil
import subprocess

NO_LTDL = "the driver's default native part needs libltdl.so.7 (Debian: apt-get install libltdl7)"


def curl_version() -> str:
    """The version of curl, or that there is none."""
    curl = shutil.which("curl")
    if curl is None:
        return "no curl"
    message = subprocess.run([curl, "--version"], capture_output=True, text=True, check=True).stdout
    return " ".join(message.split()[:2])


def has_library(name: str) -> bool:
    """Whether this machine can load a shared library."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
