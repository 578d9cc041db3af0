"""The web half: a page, and the tokens of an answer as server-sent events."""

import json
import os
import socket
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, StreamingResponse
from sdnotify import SystemdNotifier

from supervisord_lite.dirty import DirtyError, get_dirty_client_async

APP = "chat.model:Chat"

PAGE = """<!doctype html><title>chat</title>
<form><input name=prompt size=60 placeholder="Ask about Python" autofocus> <button>Ask</button></form>
<p id=answer></p>
<script>
let events;
document.forms[0].onsubmit = (submit) => {
  submit.preventDefault();
  answer.textContent = "";
  events?.close();
  events = new EventSource("/chat?" + new URLSearchParams(new FormData(submit.target)));
  events.onmessage = (event) => { answer.textContent += JSON.parse(event.data); };
  events.addEventListener("end", () => events.close());
  events.addEventListener("failure", (event) => { answer.textContent += ` [${event.data}]`; });
};
</script>"""

web = FastAPI()


@web.get("/")
async def page() -> HTMLResponse:
    """The form, and the few lines of script that show the events."""
    return HTMLResponse(PAGE)


@web.get("/chat")
async def chat(prompt: str, tokens: int = 60) -> StreamingResponse:
    """The answer, one event a token. A browser that leaves ends the stream, and with it the generation."""
    return StreamingResponse(_events(prompt, tokens), media_type="text/event-stream")


@web.get("/knows/{word}")
async def knows(word: str) -> dict[str, int]:
    """A call with a plain result."""
    client = await get_dirty_client_async()
    return {word: await client.execute_async(APP, "knows", word)}


async def _events(prompt: str, tokens: int) -> AsyncIterator[str]:
    client = await get_dirty_client_async()
    try:
        async with client.stream_async(APP, "generate", prompt, tokens) as answer:
            async for token in answer:
                yield f"data: {json.dumps(token)}\n\n"
        yield "event: end\ndata: {}\n\n"
    except DirtyError as error:
        yield f"event: failure\ndata: {json.dumps(error.message)}\n\n"


class Server(uvicorn.Server):
    """uvicorn that says when it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            SystemdNotifier().notify("READY=1")


def run() -> None:
    """The target: serve until told to stop."""
    Server(uvicorn.Config(web, port=int(os.environ["PORT"]), timeout_graceful_shutdown=5)).run()
