"""A time stamp authority over HTTP (RFC 3161, section 3.4): one POST, never in the way of work, tried once."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from spentkey.adapters.timestamp.tokens import (
    LARGEST,
    SYSTEM,
    NoTimeStamp,
    Question,
    Stamp,
    authorities_in,
    question_over,
    verified,
)
from spentkey.core.errors import Outage
from spentkey.http.client import HttpClient, ReplyLost

HEADERS = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


@dataclass(frozen=True)
class TimeStampAuthority:
    """The authority at one address; plain http will do, because its answers are signed and it is shown a hash alone."""

    http: HttpClient
    ca_file: Path

    async def stamp(self, data: bytes) -> Stamp:
        """A verified token over these bytes; raises `NoTimeStamp` where none comes, `Misconfigured` for the file."""
        authorities = await asyncio.to_thread(authorities_in, self.ca_file)
        question = await asyncio.to_thread(question_over, data)
        answer = await self._answer_to(question)
        return await asyncio.to_thread(verified, question, answer, authorities, self.http.clock.now())

    async def _answer_to(self, question: Question) -> bytes:
        end = "/" if self.http.base.endswith("/") else ""
        try:
            response = await self.http.write_once("POST", end, question.body, lambda: HEADERS, largest=LARGEST)
        except (ReplyLost, Outage) as problem:
            raise NoTimeStamp(problem.reason) from None
        if response.status != 200:
            raise NoTimeStamp(f"{SYSTEM} answered {response.status}")
        return response.body
