"""Running one action of ours, the same for the action server and inside Rasa's process."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import structlog
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException

from actions.backend.metrics import ACTION_SECONDS

HANDLERS = "actions.handlers"

T = TypeVar("T")

log = structlog.get_logger(__name__)


class ActionFailedError(Exception):
    """An action that gave no result. `status` and `body` are those of the SDK's server, which Rasa knows."""

    def __init__(self, status: HTTPStatus, error: str, action_name: Any) -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, "action_name": action_name}


def load() -> tuple[ActionExecutor, Any]:
    """Import and register the handlers, and have them read what does not change; with them their `lifecycle`.

    No database is opened yet: `lifecycle.startup()` does, in the process that runs the actions.
    """
    executor = ActionExecutor()
    # The handlers only: the SDK imports every module below what it is given.
    executor.register_package(HANDLERS)
    lifecycle = importlib.import_module(f"{HANDLERS}.lifecycle")
    lifecycle.prepare()
    return executor, lifecycle


async def run(executor: ActionExecutor, call: Mapping[str, Any], finish: Callable[[Any], T]) -> T:
    """Run the action that Rasa calls; what `finish` makes of its result. Raises `ActionFailedError`, logged if a fault.

    The log has the action's name and the kind of an error, never what was called with.
    """
    began = time.perf_counter()
    try:
        result = finish(await executor.run(call))
    except ActionExecutionRejection as error:
        raise ActionFailedError(HTTPStatus.BAD_REQUEST, error.message, error.action_name) from None
    except ActionNotFoundException as error:
        log.error("action.unknown")
        raise ActionFailedError(HTTPStatus.NOT_FOUND, error.message, error.action_name) from None
    except Exception:
        log.exception("action.failed", action=call.get("next_action"))
        raise ActionFailedError(
            HTTPStatus.INTERNAL_SERVER_ERROR, "the action failed", call.get("next_action")
        ) from None
    took = time.perf_counter() - began
    name = str(call.get("next_action"))  # one of ours: any other was answered above
    ACTION_SECONDS.labels(name).observe(took)
    log.info("action.ran", action=name, ms=round(took * 1000, 1))
    return result
