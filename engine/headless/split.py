"""`split`: a source divided into subsets, kept as a manifest or written out as folders."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.config import SubsetCounts
from engine.data.reading.walking import shown
from engine.data.source import NO_SUBSET, SUBSETS, Problem, Source, Subsets
from engine.data.sources.manifests import check_manifest, write_manifest
from engine.data.sources.open import open_source
from engine.data.subsets.choose import choose_subsets
from engine.data.subsets.duplicates import alike, in_several
from engine.data.subsets.writing import check_folder, write_folders
from engine.data.survey import survey
from engine.headless.lines import print_json

THREADS = 4
_LINES = 20  # that tell programs how far it is
_MOST_SHOWN = 10  # problems, and groups of identical pictures, that people are told one by one


class Outcome(Struct, frozen=True, tag_field="event", tag="split"):
    """How a source was divided. `alike` has the groups of identical pictures that lie in more than
    one subset: the name and subset of each."""

    classes: tuple[str, ...]
    train: int
    validation: int
    test: int
    left_out: int
    seed: int
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]
    alike: tuple[tuple[dict[str, str], ...], ...]
    out: str


def split(where: str, counts: SubsetCounts | None, seed: int, out: Path, as_json: bool) -> int:
    """Read every picture of a source, divide those that can be read, and write that to `out`: a
    manifest where it ends in .json, else folders. The exit code.

    `counts` None: the source's own subsets, or its usual counts. EngineError when it can't be done;
    nothing is left in `out` then.
    """
    as_manifest = out.suffix.lower() == ".json"
    source = open_source(str(Path(where).absolute()) if os.path.lexists(where) else where)
    if as_manifest:
        check_manifest(out)
    else:
        check_folder(out, source)
    telling = _json_lines if as_json else _bar
    with telling("read", len(source)) as tell:
        unreadable = _unreadable(source, tell)
    subsets = choose_subsets(source, counts, seed, unreadable.keys())
    chosen = [index for index, subset in enumerate(subsets.subset_N) if subset != NO_SUBSET]
    groups = in_several(alike(source, chosen, lambda: False), subsets.subset_N)
    problems = [Problem(shown(source.names[index]), why) for index, why in unreadable.items()]
    if as_manifest:
        write_manifest(out, source, subsets, counts, seed, problems)
    else:
        with telling("write", len(chosen)) as tell:
            problems += write_folders(out, source, subsets, tell)
    outcome = _outcome(source, subsets, seed, problems, groups, out)
    if as_json:
        print_json(msgspec.to_builtins(outcome))
    else:
        _print(outcome)
    return 0


def _unreadable(source: Source, tell: Callable[[int, int], None]) -> dict[int, str]:
    """Why the pictures that can't be read can't, by index; every one is read once."""
    if source.files is None:
        return {}
    outcomes = survey(source, lambda index, rgb_HWC: None, lambda: False, THREADS)
    unreadable: dict[int, str] = {}
    with closing(outcomes):
        for done, (index, sentence) in enumerate(outcomes, start=1):
            if sentence:
                unreadable[index] = sentence
            tell(done, len(source))
    return dict(sorted(unreadable.items()))


def _outcome(
    source: Source,
    subsets: Subsets,
    seed: int,
    problems: Iterable[Problem],
    groups: Sequence[Sequence[int]],
    out: Path,
) -> Outcome:
    problems = tuple(problems)
    unreadable = {problem.name for problem in problems}
    in_subset = {
        subset: [shown(source.names[index]) for index in subsets.indices(subset)]
        for subset in SUBSETS
    }
    # One that could be read before but not copied is in no subset after all.
    amounts = {
        subset: sum(name not in unreadable for name in names) for subset, names in in_subset.items()
    }
    left_out = sum(
        shown(source.names[index]) not in unreadable
        for index, subset in enumerate(subsets.subset_N)
        if subset == NO_SUBSET
    )
    named = tuple(
        tuple(
            {"name": shown(source.names[i]), "subset": SUBSETS[subsets.subset_N[i]]} for i in group
        )
        for group in groups
    )
    return Outcome(
        classes=source.classes,
        **amounts,
        left_out=left_out,
        seed=seed,
        notes=subsets.notes,
        problems=tuple(dict.fromkeys((*source.problems, *problems))),
        alike=named,
        out=str(out),
    )


def _print(outcome: Outcome) -> None:
    amounts = (
        f"{_count(len(outcome.classes), 'class', 'classes')}: {outcome.train:,} pictures to train, "
        f"{outcome.validation:,} to validate, {outcome.test:,} to test; {outcome.left_out:,} left "
        "out."
    )
    lines = [amounts, *outcome.notes]
    if outcome.problems:
        lines.append(f"{_count(len(outcome.problems), 'problem', 'problems')}:")
        lines += _first(f"{_named(problem)}" for problem in outcome.problems)
    if outcome.alike:
        groups = _count(len(outcome.alike), "picture is", "pictures are")
        lines.append(
            f"{groups} in several subsets, so that they measure what was learned by heart:"
        )
        lines += _first(
            " = ".join(f"{picture['name']} ({picture['subset']})" for picture in group)
            for group in outcome.alike
        )
    print(*lines, f"Wrote {outcome.out}.", sep="\n", flush=True)


def _named(problem: Problem) -> str:
    """Once, where the sentence itself says which file it is about."""
    said = problem.sentence.startswith(problem.name)
    return problem.sentence if said else f"{problem.name}: {problem.sentence}"


def _first(lines: Iterable[str]) -> Iterator[str]:
    every = [f"  {line}" for line in lines]
    yield from every[:_MOST_SHOWN]
    if len(every) > _MOST_SHOWN:
        yield f"  ... and {len(every) - _MOST_SHOWN:,} more; --json lists all."


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


@contextmanager
def _json_lines(event: str, total: int) -> Iterator[Callable[[int, int], None]]:
    every = max(1, -(-total // _LINES))

    def tell(done: int, total: int) -> None:
        if done % every == 0 or done == total:
            print_json({"event": event, "done": done, "total": total})

    yield tell


@contextmanager
def _bar(event: str, total: int) -> Iterator[Callable[[int, int], None]]:
    console = Console()
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        expand=True,
        disable=not console.is_terminal,
    )
    with progress:
        task = progress.add_task({"read": "reading", "write": "writing"}[event], total=total)
        yield lambda done, total: progress.update(task, completed=done)
