"""
What earlier runs have found, so that a run does again only what rests on something that changed.

A step (a layer, a rule, the siting) is kept with all that it was made of: the program, the study
with every key, the code of measures of one's own, and the digests of the layers that it *asked for*
while it worked (`TrackedLayers`). The next run takes it where every one of these is the same; then
it would come out the same. What is kept is pickled, stands in the user's own cache folder, and can
be deleted at any time; see `kept_files` for checksums and the bound on all of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from zmd_layout.layers import load_layer
from zmd_layout.layers.tracked import ALL, TrackedLayers, note, noting
from zmd_layout.rulebook.dependence import counted_verdicts
from zmd_layout.workflow.digests import (
    of_files,
    of_layer,
    of_own_measures,
    of_program,
    of_table,
    of_texts,
)
from zmd_layout.workflow.kept_files import KeptFiles, clean
from zmd_layout.workflow.studies import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import geopandas as gpd

    from zmd_layout.crs import StudyArea
    from zmd_layout.findings import Rows
    from zmd_layout.layers.layer import Layer, Layers
    from zmd_layout.layers.sources.osm.layers import Extracts
    from zmd_layout.rulebook import Rule
    from zmd_layout.siting.suggest import Suggestions
    from zmd_layout.study import LayerSource, Study

FOLDER = "kept"
T = TypeVar("T")


@dataclass(slots=True)
class CacheEntry:
    """A result with its key and the digests of the layers it rests on (None: not there)."""

    key: str
    reads: dict[str, str | None]
    value: Any


@dataclass(slots=True)
class Steps:
    """
    What a run did, and what it took from an earlier one.

    Attributes
    ----------
    done, reused
        `layer-<name>`, `rule-<id>`, `siting`, and what outputs are made of; both empty where
        nothing was to be remembered.
    """

    done: list[str] = field(default_factory=list)
    reused: list[str] = field(default_factory=list)


@dataclass
class StepCache:
    """
    The kept steps of one study.

    Parameters
    ----------
    folder
        Where they stand; None keeps nothing and remembers nothing.
    base
        The digest of program and study.

    Attributes
    ----------
    steps
        What was done, and what was taken from an earlier run.
    """

    folder: Path | None
    base: str
    steps: Steps = field(default_factory=Steps)
    _layers: dict[str, Layer] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)
    _signatures: dict[str, str] = field(default_factory=dict)

    def know(self, layers: Layers) -> TrackedLayers:
        """Take the layers that steps will ask for."""
        self._layers = dict(layers)
        self._digests.clear()
        return TrackedLayers(layers)

    def layer(
        self,
        name: str,
        source: LayerSource,
        *,
        study: Study,
        area: StudyArea | None,
        extracts: Extracts,
    ) -> Layer:
        """Return a layer as `load_layer` does, from the last run where its file is the same."""

        def read() -> Layer:
            return load_layer(name, source, study=study, area=area, extracts=extracts)

        digests = [of_files(path) for path in study.paths_of(source)]
        if None in digests:
            return read()
        ground = "" if area is None else f"{area.name} {area.working_crs} {area.geometry.wkb_hex}"
        layer: Layer = self.recall(
            f"layer-{name}", of_texts(*map(str, digests), repr(source), ground), {}, read
        )
        return layer

    def rule(self, layers: Layers, rule: Rule, make: Callable[[], Rows]) -> Rows:
        """Return the rows of a rule; the rules whose verdicts it counts were asked before."""
        counted = [self._signatures.get(f"rule-{name}", "") for name in counted_verdicts(rule)]
        key = of_texts(rule.model_dump_json(), of_own_measures([rule]), *counted)
        rows: Rows = self.recall(f"rule-{rule.id}", key, layers, make)
        return rows

    def siting(
        self,
        layers: Layers,
        rules: Sequence[Rule],
        owed: gpd.GeoDataFrame,
        make: Callable[[], Suggestions],
    ) -> Suggestions:
        """Return the suggestions for what is owed; those that a time limit ended are not kept."""
        key = of_texts(of_table(owed), _of_rules(rules))
        sites: Suggestions = self.recall(
            "siting", key, layers, make, if_=lambda found: bool(found.is_reproducible)
        )
        return sites

    def derived(self, name: str, layers: Layers, rules: Sequence[Rule], make: Callable[[], T]) -> T:
        """Return what is made of layers and rules for the outputs, such as a forecast."""
        key = _of_rules(rules)
        made: T = self.recall(name, key, layers, make)
        return made

    def recall(
        self,
        step: str,
        key: str,
        layers: Layers,
        make: Callable[[], Any],
        *,
        if_: Callable[[Any], bool] = lambda _: True,
    ) -> Any:  # noqa: ANN401 - results of any kind
        """
        Return the result of a step from the last run, or make and keep it.

        Parameters
        ----------
        step
            Names it, within the study.
        key
            The digest of what goes into it beside program, study and layers.
        layers
            The layers that it asks; what it asks for is noted.
        make
            Makes it.
        if_
            Tells whether a result may be kept.
        """
        if self.folder is None:
            return make()
        key = of_texts(self.base, key)
        files = KeptFiles(self.folder)
        kept = files.read(step)
        if isinstance(kept, CacheEntry) and kept.key == key and self._is_same(kept.reads):
            note(layers, kept.reads)
            self.steps.reused.append(step)
        else:
            with noting(layers) as names:
                value = make()
            kept = CacheEntry(key, {name: self._digest(name) for name in sorted(names)}, value)
            self.steps.done.append(step)
            if if_(value):
                files.write(step, kept)
        self._signatures[step] = of_texts(kept.key, repr(kept.reads))
        return kept.value

    def _is_same(self, reads: dict[str, str | None]) -> bool:
        return all(self._digest(name) == digest for name, digest in reads.items())

    def _digest(self, name: str) -> str | None:
        if name == ALL:
            return of_texts(*sorted(self._layers))
        if name not in self._layers:
            return None
        if name not in self._digests:
            self._digests[name] = of_layer(self._layers[name])
        return self._digests[name]

    def record(self, rules: Sequence[Rule], **options: Any) -> dict[str, Any]:  # noqa: ANN401 - any option
        """
        Put down what was taken from an earlier run, and all that the outputs rest on in one digest.

        Nothing is put down where nothing is remembered.
        """
        if self.folder is None:
            return {}
        steps = {"reused": sorted(self.steps.reused), "done": sorted(self.steps.done)}
        layers = [f"{name} {self._digest(name)}" for name in sorted(self._layers)]
        clean(self.folder.parent)
        basis = of_texts(self.base, *layers, _of_rules(rules), repr(sorted(options.items())))
        return {"steps": steps, "outputs_rest_on": basis}


def _of_rules(rules: Sequence[Rule]) -> str:
    return of_texts(*(rule.model_dump_json() for rule in rules), of_own_measures(rules))


def memory_of(study: Study, *, is_kept: bool = True) -> StepCache:
    """
    Open what earlier runs of a study have found.

    Parameters
    ----------
    study
        The study.
    is_kept
        False: everything is done, nothing is kept.
    """
    if not is_kept:
        return StepCache(None, "")
    place = study.folder.resolve().as_posix()
    clean(cache_folder() / FOLDER)
    folder = cache_folder() / FOLDER / f"{study.id}-{of_texts(place)[:12]}"
    return StepCache(folder, of_texts(of_program(), place, study.model_dump_json()))
