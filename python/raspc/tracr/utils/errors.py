"""Functions that may divide by zero."""

import functools
import logging
from typing import Any, Callable


def ignoring_arithmetic_errors(fun: Callable[..., Any]) -> Callable[..., Any]:
    """`fun`, with None as its result where it raises an ArithmeticError (which is logged)."""

    @functools.wraps(fun, updated=())
    def guarded(*args: Any) -> Any:
        try:
            return fun(*args)
        except ArithmeticError as error:
            logging.getLogger(__name__).warning("%s%r raises %r; its result is taken to be None", fun, args, error)
            return None

    return guarded
