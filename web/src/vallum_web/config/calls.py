"""What holds for every call of the API, whichever operation it is of."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from ninja.errors import ValidationError
from ninja.operation import Operation

from vallum_web.tenancy.parameters import unknown

Function = Callable[..., Any]


def exact(function: Function) -> Function:
    """Refuse parameters that the operation does not describe: a misspelled filter would leave more than was meant."""
    names = parameters(function._ninja_operation)  # type: ignore[attr-defined]  # noqa: SLF001 - where ninja leaves it

    @wraps(function)
    def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if wrong := unknown(request.GET, names):
            raise ValidationError(wrong)
        return function(request, *args, **kwargs)

    return checked


def parameters(operation: Operation) -> list[str]:
    """The names of what its query string may hold."""
    models = [model for model in operation.models if model.__ninja_param_source__ == "query"]
    return sorted(name for model in models for name in getattr(model, "__ninja_flatten_map__", {}))
