"""Files that people send: one part named ``file`` of a multipart form, read piece by piece, never more than allowed."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import aiohttp
from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.gateway.problems import Problem, invalid, too_slow_body
from bot.gateway.services import LIMIT, SERVICES

PART = "file"
MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp")
_MULTIPART = "multipart/form-data"
_PIECE = 64 * 1024
_AROUND_IT = 16 * 1024  # boundaries and headers of the part


class Upload:
    """A file that comes with a request and has not been read yet: an upload is not read for nothing."""

    def __init__(self, request: web.Request) -> None:
        if request.content_type != _MULTIPART:
            detail = f"the body must be {_MULTIPART} with a part named {PART}"
            raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
        self._request = request

    async def read(self, most: int) -> bytes:
        """The content. ``Problem`` 413 ``evidence_too_large`` beyond ``most`` bytes, 400 or 422 for a broken form."""
        request = self._request
        if (request.content_length or 0) > most + _AROUND_IT:
            raise _too_large(most)
        # Reading takes as long as the person's line does; what follows has its usual time again.
        config, loop = request.app[SERVICES].config, asyncio.get_running_loop()
        request[LIMIT].reschedule(None)
        try:
            async with asyncio.timeout(config.upload_within):
                content = await self._content(most)
        except TimeoutError:
            raise too_slow_body() from None
        except (ValueError, AssertionError, RuntimeError, EOFError, HttpProcessingError) as error:
            raise _malformed(error) from None
        except (aiohttp.ClientPayloadError, web.RequestPayloadError, ConnectionError) as error:
            raise _malformed(error) from None  # nobody will read this: the connection is gone
        request[LIMIT].reschedule(loop.time() + config.request_within)
        return content

    async def _content(self, most: int) -> bytes:
        content: bytearray | None = None
        reader = await self._request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or part.name != PART:
                raise invalid(PART, f"the form must have one part, named {PART}")
            if content is not None:
                raise invalid(PART, "is given more than once")
            content = bytearray()
            while piece := await part.read_chunk(_PIECE):
                content += piece
                if len(content) > most:
                    raise _too_large(most)
        if content is None:
            raise invalid(PART, "this part is missing")
        return bytes(content)


def _too_large(most: int) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "evidence_too_large", f"an image may have {most} bytes at most")


def _malformed(error: Exception) -> Problem:
    return invalid("body", f"no readable multipart form ({type(error).__name__})", HTTPStatus.BAD_REQUEST)
