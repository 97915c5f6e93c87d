"""`spentkey --version`: the commit of a checkout, of an archive and of an installation, without git."""

from pathlib import Path

import pytest
from commands import spentkey

from spentkey import __version__
from spentkey.cli.version import commit_of

COMMIT = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40


def package(root: Path, commit: str = "$Format:%H$") -> Path:
    """The package in a folder that looks like the repository."""
    made = root / "src" / "spentkey"
    (made / "cli").mkdir(parents=True)
    (made / "cli" / "commit.txt").write_text(f"{commit}\n")
    return made


def git_folder(folder: Path, **files: str) -> None:
    """A folder as git keeps it, with these files."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        file = folder / name.replace("__", "/").replace("_", "-")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{content}\n")


@pytest.mark.parametrize(
    "files",
    [
        {"HEAD": COMMIT},
        {"HEAD": "ref: refs/heads/main", "refs__heads__main": COMMIT},
        {"HEAD": "ref: refs/heads/main", "packed_refs": f"# pack-refs with: peeled\n{COMMIT} refs/heads/main"},
        {"HEAD": "ref: refs/heads/main", "refs__heads__main": COMMIT, "packed_refs": f"{OTHER} refs/heads/main"},
    ],
    ids=["detached", "loose", "packed", "loose wins"],
)
def test_a_checkout_says_its_commit(tmp_path: Path, files: dict[str, str]) -> None:
    """Whichever way git keeps the branch."""
    git_folder(tmp_path / ".git", **files)
    assert commit_of(package(tmp_path)) == COMMIT


def test_a_second_working_tree_says_its_own_commit(tmp_path: Path) -> None:
    """Its `.git` is a file that names a folder, and the branch is in the common one."""
    git_folder(tmp_path / "main" / ".git", HEAD=OTHER, refs__heads__work=COMMIT)
    git_folder(tmp_path / "main" / ".git" / "worktrees" / "w", HEAD="ref: refs/heads/work", commondir="../..")
    made = package(tmp_path / "w")
    (tmp_path / "w" / ".git").write_text(f"gitdir: {tmp_path}/main/.git/worktrees/w\n")
    assert commit_of(made) == COMMIT


def test_an_archive_says_its_commit(tmp_path: Path) -> None:
    """`git archive` fills it in, and so does the build of the image; it wins over what lies around."""
    git_folder(tmp_path / ".git", HEAD=OTHER)
    assert commit_of(package(tmp_path, COMMIT)) == COMMIT


@pytest.mark.parametrize("files", [{}, {"HEAD": "ref: refs/heads/new"}, {"HEAD": "nonsense"}], ids=str)
def test_without_a_commit_nothing_is_invented(tmp_path: Path, files: dict[str, str]) -> None:
    """No repository, a branch without a commit, or a file that is none of git's."""
    if files:
        git_folder(tmp_path / ".git", **files)
    assert commit_of(package(tmp_path)) is None


def test_a_repository_around_an_installation_is_not_ours(tmp_path: Path) -> None:
    """A virtual environment inside somebody else's checkout does not take that commit for its own."""
    git_folder(tmp_path / ".git", HEAD=OTHER)
    made = tmp_path / "lib" / "spentkey"
    made.mkdir(parents=True)
    assert commit_of(made) is None


def test_the_command_works_without_git(tmp_path: Path) -> None:
    """With no program in reach; version and, in a checkout, the commit."""
    message = spentkey("--version", home=tmp_path, stdin=None, PATH="/nowhere")
    assert (message.code, message.err) == (0, "")
    assert message.out.startswith(f"spentkey, version {__version__}")
