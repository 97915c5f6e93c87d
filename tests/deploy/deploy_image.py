"""The file that the image is built from: how it is read, and what is wrong with one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One instruction, its lines joined."""

    word: str
    rest: str


def read_steps(text: str) -> list[Step]:
    """Every instruction in order."""
    without = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = without.replace("\\\n", " ")
    pairs = [line.split(maxsplit=1) for line in joined.splitlines() if line.strip()]
    return [Step(word.upper(), " ".join(rest.split())) for word, rest in pairs]


def image_problems(steps: Sequence[Step]) -> list[str]:
    """What keeps the image from being safe, small in rights and the same each time."""
    last = max(at for at, step in enumerate(steps) if step.word == "FROM")
    return [*_origin_problems(steps), *_install_problems(steps), *_run_problems(steps[last:])]


def _origin_problems(steps: Sequence[Step]) -> list[str]:
    problems = ["ADD is used" for step in steps if step.word == "ADD"]
    for step in steps:
        base = step.rest.partition("BASE=")[2] if step.word == "ARG" else step.rest if step.word == "FROM" else ""
        image = base.split(" ")[0]
        if image and image != "${BASE}" and not re.search(r":[\w.-]*\d[\w.-]*@sha256:[0-9a-f]{64}$", image):
            problems.append(f"{image} may be anything")
    return problems


def _install_problems(steps: Sequence[Step]) -> list[str]:
    problems: list[str] = []
    for step in steps:
        if step.word == "RUN" and " pip install" in step.rest and "--require-hashes" not in step.rest:
            problems.append("pip installs without hashes")
        if step.word == "RUN" and " sync " in step.rest and "--frozen" not in step.rest:
            problems.append("uv installs what the lock does not name")
        if step.word == "RUN" and re.search(r"\b(curl|wget)\b", step.rest):
            problems.append("a build step downloads by itself")
        if step.word in ("ENV", "ARG") and re.search(r"\w*(SECRET|PASSWORD|TOKEN|API_KEY)\w*=", step.rest):
            problems.append(f"{step.word} holds a secret")
    return problems


def _run_problems(final: Sequence[Step]) -> list[str]:
    """What is wrong with the last stage, which is the image."""
    last = {step.word: step.rest for step in final}
    problems: list[str] = []
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", last.get("USER", "")):
        problems.append("it does not end as a user with a number")
    if last.get("STOPSIGNAL") != "SIGTERM":
        problems.append("it is not stopped by SIGTERM")
    if "healthcheck.py" not in last.get("HEALTHCHECK", ""):
        problems.append("nobody asks whether it lives")
    if any(not last.get(word, "").startswith("[") for word in ("ENTRYPOINT", "CMD")):
        problems.append("a shell stands between the signal and the process")
    copied = [step.rest for step in final if step.word == "COPY" and not step.rest.startswith("--from=")]
    return problems + [f"{rest} comes from the outside" for rest in copied if not rest.startswith("deploy/container/")]


NAMED = re.compile(
    r"(?:ARG BASE=|FROM |image: .*:-|name: )(?P<image>[\w./-]+/[\w./-]+(?::[\w.-]+)?)(?P<digest>@sha256:[0-9a-f]{64})?\}?$",
    re.M,
)


def base_problems(text: str) -> list[str]:
    """The images of others that a file names: each by tag and digest, with the line that prints the digest of today."""
    problems: list[str] = []
    for found in NAMED.finditer(text):
        image = found["image"]
        if found["digest"] is None:
            problems.append(f"{image} is not named by its digest")
        elif not re.search(rf"#   (docker buildx imagetools|skopeo) inspect .*{re.escape(image)}( |$)", text, re.M):
            problems.append(f"no line says how the digest of {image} is renewed")
    return problems or ([] if NAMED.search(text) else ["no image of others is named"])
