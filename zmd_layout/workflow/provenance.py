"""What a run rests on: enough to do it again, and a last look that nothing has moved."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Literal

from zmd_layout.errors import OutputError
from zmd_layout.layers.files import sha256_of
from zmd_layout.layers.joined_files import SEPARATOR
from zmd_layout.messages import Message
from zmd_layout.study import FILE_NAME
from zmd_layout.workflow.studies import builtin_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zmd_layout.layers import Layers
    from zmd_layout.rulebook import Rule
    from zmd_layout.study import Study

Command = Literal["run", "check", "evaluate"]


def rests_on(
    study: Study, rules: Sequence[Rule], *, command: Command, **options: bool | str
) -> dict[str, Any]:
    """
    Put down what a repetition needs: command, options, the whole study, each rule's digest.

    Parameters
    ----------
    study, rules
        As opened.
    command
        `run`, `check` or `evaluate`.
    **options
        As given by the user.
    """
    file = study.folder / FILE_NAME
    texts = {rule.id: rule.model_dump_json(by_alias=True) for rule in rules}
    return {
        "command": command,
        "options": options,
        "opened": {
            "folder": study.folder.resolve().as_posix(),
            "builtin": builtin_name(study.folder),
            "file_sha256": sha256_of(file) if file.is_file() and not study.is_of_tables else None,
            "definition": study.model_dump(mode="json", exclude={"folder"}),
        },
        "rules_sha256": {
            rule_id: hashlib.sha256(text.encode()).hexdigest()
            for rule_id, text in sorted(texts.items())
        },
    }


def refuse_changed(study: Study, layers: Layers) -> None:
    """
    See that every file is still the one that was read.

    Raises
    ------
    OutputError
        If a file was changed or taken away during the run: results would cite a file that they do
        not come from. Nothing has been written then.
    """
    changed = []
    for name, source in {**study.layers, **study.own_layers}.items():
        origin = layers[name].origin if name in layers else None
        if origin is None or origin.path != SEPARATOR.join(source.paths) or not origin.sha256:
            continue
        if study.table_of(source) is not None:  # a copy of the study's own
            continue
        digests = origin.sha256.split(SEPARATOR)
        for part, digest in zip(source.parts, digests, strict=True):
            path = study.path_of(part)
            if not path.exists() or sha256_of(path) != digest:
                changed.append(part.path)
    if changed:
        raise OutputError(Message("repeat.changed_during_run", names=changed))
