"""Executes notebooks without a screen, one after another, and writes each as a page.

    python execute.py [--fresh] papers/sparse-ot/notebook.ipynb ...    writes reports/sparse-ot/notebook.html

A page carries a fingerprint of the notebook and of all that it stands on: its paper, the crates of the workspace that the paper needs, the
versions of the others, the measured tables, and this folder. A notebook whose page has the fingerprint of now is left alone, unless all are asked for.

A cell fails if it does not compile, ends in an error, takes too long, loses the kernel, or writes
anything to standard error: the kernel reports panics and errors that `?` passed on nowhere else. Each
failure is one line on standard error (with the place below it, if the compiler knows one), a notebook with a failure leaves no page, and the exit code is 1.

The page holds the cells and what they printed, the same bytes for the same output. It needs no
network and no script, and is dressed like the reports.
"""

import functools
import hashlib
import json
import queue
import re
import subprocess
import sys
import time
from pathlib import Path

import jinja2
import mistune
import nbformat
from jupyter_client.manager import KernelManager
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import RustLexer

SHARED = Path(__file__).resolve().parent.parent
WORKSPACE = SHARED.parent

# The first cell compiles the paper if it has changed, so the limit is far above any computation
# that belongs into a notebook.
SECONDS_PER_CELL = 900
SECONDS_TO_START = 120
# What a cell writes to standard error reaches the kernel on another way than its end, and may come later.
SECONDS_OF_SILENCE = 0.2
LAST_WORD = "end of the notebook"


class CellFailed(Exception):
    """What went wrong in a cell."""


class Kernel:
    """A Rust kernel in the folder of a notebook."""

    def __init__(self, folder):
        self.manager = KernelManager(kernel_name="rust")
        self.manager.start_kernel(cwd=str(folder), stdout=subprocess.DEVNULL)
        self.client = self.manager.blocking_client()
        self.client.start_channels()

    def __enter__(self):
        try:
            self.client.wait_for_ready(timeout=SECONDS_TO_START)
        except RuntimeError as fault:
            self.__exit__()
            raise CellFailed(f"the kernel does not start: {fault}") from None
        return self

    def __exit__(self, *_):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)

    def messages(self, silence):
        """Messages until none comes for so many seconds."""
        while True:
            try:
                yield self.client.get_iopub_msg(timeout=silence)
            except queue.Empty:
                return

    def execute(self, code):
        """The outputs of a cell."""
        request = self.client.execute(code, allow_stdin=False)
        outputs = []
        deadline = time.monotonic() + SECONDS_PER_CELL
        while time.monotonic() < deadline:
            for message in self.messages(silence=1):
                keep(outputs, message)
                if is_end(message, request):
                    for late in self.messages(SECONDS_OF_SILENCE):
                        keep(outputs, late)
                    return outputs
            if not self.manager.is_alive():
                raise CellFailed("the kernel died")
        raise CellFailed(f"not done after {SECONDS_PER_CELL} s")

    def last_words(self):
        """What came to standard error after the last cell: all before a word of our own."""
        outputs = self.execute(f'eprintln!("{LAST_WORD}");')
        deadline = time.monotonic() + SECONDS_TO_START
        while LAST_WORD not in errors(outputs):
            if time.monotonic() > deadline:
                raise CellFailed("standard error stays silent")
            for message in self.messages(SECONDS_OF_SILENCE):
                keep(outputs, message)
        return errors(outputs).replace(LAST_WORD, "").strip()


def is_end(message, request):
    idle = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
    return idle and message["parent_header"].get("msg_id") == request


def keep(outputs, message):
    """Adds a message to the outputs if it is one; pieces of one stream become one output."""
    kind, content = message["msg_type"], message["content"]
    if kind == "stream" and outputs and outputs[-1].get("name") == content["name"]:
        outputs[-1]["text"] += content["text"]
    elif kind in ("stream", "error", "execute_result", "display_data"):
        outputs.append({"kind": kind, **content})


def errors(outputs):
    return "".join(output["text"] for output in outputs if output.get("name") == "stderr")


def fault(outputs):
    """The faults among a cell's outputs: a line each, and for the compiler's the place below it. Or None."""
    lines = []
    for output in outputs:
        if output["kind"] == "error":
            lines.append(one_line(output["evalue"]))
            lines += ["    " + line for line in plain("\n".join(output["traceback"][1:])).splitlines() if line.strip()]
        if re.match(r"(Figure|TableView) \{", output.get("data", {}).get("text/plain", "")):
            lines.append("a figure or table came out as text, because the last expression moves a variable: clone it")
    return "\n".join(lines) or one_line(errors(outputs)) or None


def plain(text):
    """Text without the escape sequences that colour it."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def one_line(text):
    return " ".join(plain(text).split())


def executed(notebook, folder):
    """The notebook's cells with their outputs; a failure names its code cell, counted from 1."""
    cells = []
    number = 0
    try:
        with Kernel(folder) as kernel:
            for cell in notebook.cells:
                if cell.cell_type != "code":
                    cells.append({"kind": cell.cell_type, "source": cell.source})
                    continue
                number += 1
                outputs = kernel.execute(cell.source)
                if found := fault(outputs):
                    raise CellFailed(found)
                cells.append({"kind": "code", "source": cell.source, "outputs": outputs})
            if found := kernel.last_words():
                raise CellFailed(one_line(found))
    except CellFailed as failure:
        raise CellFailed(f"cell {number}: {failure}") from None
    return cells


@functools.cache
def packages():
    """The crates of the workspace: name, folder, and the folders of those that it needs for more than its tests."""
    command = ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"]
    found = subprocess.run(command, cwd=WORKSPACE, check=True, capture_output=True, text=True)
    return {
        str(Path(package["manifest_path"]).parent): (
            package["name"],
            [needed["path"] for needed in package["dependencies"] if needed.get("path") and needed["kind"] != "dev"],
        )
        for package in json.loads(found.stdout)["packages"]
    }


def stands_on(folder):
    """The folders of a crate and of all crates of the workspace that it needs."""
    found, open_folders = set(), [str(folder)]
    while open_folders:
        if (crate := open_folders.pop()) not in found:
            found.add(crate)
            open_folders += packages()[crate][1]
    return found


def fingerprint(notebook):
    """What a page depends on, in 16 hexadecimal digits."""
    folder = notebook.parent
    if str(folder) not in packages():
        return None  # beside no crate: executed every time
    crates = sorted(stands_on(folder))
    files = [notebook, WORKSPACE / ".cargo/config.toml"]
    for crate in crates:
        files += [Path(crate) / "Cargo.toml", *Path(crate).glob("src/**/*"), *Path(crate).glob("fonts/*"), *Path(crate).glob("templates/*")]
    files += (file for file in (SHARED / "notebooks").rglob("*") if file.suffix != ".md")
    reports = WORKSPACE / "reports" / folder.name
    files += (table for table in reports.rglob("*.parquet") if not table.name.startswith("timing-"))
    total = hashlib.sha256()
    for file in sorted({file for file in files if file.is_file() and "__pycache__" not in file.parts}):
        total.update(f"{file.relative_to(WORKSPACE)}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    # The lock file changes with every paper that is added; what counts is what this one needs.
    command = ["cargo", "tree", "--offline", "--quiet", "-p", packages()[str(folder)][0], "-e", "normal", "--prefix", "none", "-f", "{p} {f}"]
    tree = subprocess.run(command, cwd=WORKSPACE, check=True, capture_output=True, text=True).stdout
    versions = {re.sub(r" \([*/].*?\)", "", line) for line in tree.splitlines()}
    total.update("\n".join(sorted(versions)).encode())
    return total.hexdigest()[:16]


def page(cells, source, template, mark):
    prose = mistune.create_markdown(escape=False, plugins=["table"])
    title = next((line[2:] for cell in cells for line in cell["source"].splitlines() if line.startswith("# ")), source)
    for cell in cells:
        if cell["kind"] == "markdown":
            cell["html"] = prose(cell["source"])
        elif cell["kind"] == "code":
            cell["html"] = highlight(cell["source"], RustLexer(), HtmlFormatter(nowrap=True))
    style = (SHARED / "lab/templates/style.css").read_text()
    return template.render(cells=cells, title=title, source=source, style=style, fingerprint=mark)


def write(path, text):
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".writing")
    beside.write_text(text)
    beside.replace(path)


def main(arguments):
    fresh = "--fresh" in arguments
    notebooks = [argument for argument in arguments if argument != "--fresh"]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(SHARED / "notebooks"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.get_template("page.html")
    failures = 0
    for name in notebooks:
        path = Path(name).resolve()
        source = path.relative_to(WORKSPACE)
        target = Path("reports") / path.parent.name / "notebook.html"
        started = time.monotonic()
        mark = fingerprint(path)
        written = WORKSPACE / target
        if not fresh and written.exists() and f'name="fingerprint" content="{mark}"' in written.read_text():
            print(f"{target}: nothing that it stands on has changed", flush=True)
            continue
        try:
            cells = executed(nbformat.read(path, as_version=4), path.parent)
        except (OSError, ValueError, nbformat.ValidationError) as unreadable:
            failures += 1
            print(f"{name}: not a notebook: {one_line(str(unreadable))}", file=sys.stderr)
            continue
        except CellFailed as failure:
            failures += 1
            (WORKSPACE / target).unlink(missing_ok=True)
            print(f"{source}, {failure}", file=sys.stderr)
            continue
        write(WORKSPACE / target, page(cells, source.as_posix(), template, mark))
        print(f"{target} ({time.monotonic() - started:.0f} s)", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
