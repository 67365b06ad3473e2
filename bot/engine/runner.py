"""Runs the model's graph for one message, without a scheduler.

Rasa hands the graph (a dozen nodes in a line) to dask for each prediction, several times a turn; planning it anew each
time is a quarter of a turn. This runner plans once for each set of targets and then calls the nodes in order.
`LOTSE_GRAPH_RUNNER=dask` brings the original back; a test holds that both give the same.
"""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import Any

from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import GraphNode
from rasa.engine.runner.dask import DaskGraphRunner

Plan = list[tuple[str, GraphNode, tuple[str, ...]]]


class DirectGraphRunner(DaskGraphRunner):
    """Like `DaskGraphRunner`, from which it takes the instantiated nodes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[tuple[str, ...], Plan] = {}

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        wanted = tuple(targets or self._graph_schema.target_names)
        plan = self._plans.get(wanted)
        if plan is None:
            plan = self._plans[wanted] = self._plan(wanted)
        done: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
        try:
            for name, node, needs in plan:
                if name not in done:
                    # A node that cannot be resolved is passed on by its name, which the receiving node reports.
                    done[name] = node(*(done.get(need, need) for need in needs))
        except RuntimeError as error:
            raise GraphRunError("Error running runner.") from error
        return {name: done[name][1] for name in wanted}

    def _plan(self, targets: tuple[str, ...]) -> Plan:
        schema = self._graph_schema.minimal_graph_schema(list(targets))
        order = TopologicalSorter(
            {name: set(node.needs.values()) for name, node in schema.nodes.items()}
        ).static_order()
        return [
            (name, self._instantiated_nodes[name], tuple(schema.nodes[name].needs.values()))
            for name in order
            if name in schema.nodes
        ]
