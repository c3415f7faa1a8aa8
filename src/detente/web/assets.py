# SPDX-License-Identifier: Apache-2.0
"""What the console and the reading room answer alike: their own files, and a failure nobody foresaw."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from detente.web.guard import HEADERS

LOG = logging.getLogger("detente.web")


def static(types: Mapping[str, str]) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of ``/static/{name}``: these files of the package and no others, by their media types."""

    async def get_static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in types:
            raise HTTPException(404)
        content = files("detente.web").joinpath("static", name).read_bytes()
        return Response(content, media_type=types[name], headers={"cache-control": "no-cache"})

    return get_static


def failed(words: str) -> Callable[[Request, Exception], Awaitable[Response]]:
    """The answer to an error that no page knows: ``words``, which say what is safe and what to do."""

    async def answer(request: Request, error: Exception) -> Response:
        # The stack goes to the log, never to the page: starlette raises it once more to the server.
        LOG.error("%s %s failed: %r", request.method, request.url.path, error)
        return PlainTextResponse(words + "\n", 500, headers={**HEADERS, "cache-control": "no-store"})

    return answer
