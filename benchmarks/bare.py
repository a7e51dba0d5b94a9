"""A bare ASGI application that answers given bytes: what the server could reach at best."""

import json
import os
import sys

import uvicorn
from starlette.types import Receive, Scope, Send


class Bare:
    """Answers each path with its bytes and does nothing else."""

    def __init__(self, bodies: dict[str, str]) -> None:
        self._bodies = {path: body.encode() for path, body in bodies.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = self._bodies[scope["path"]]
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve the bodies of a JSON file on a port."""
    with open(sys.argv[1], encoding="utf-8") as file:
        app = Bare(json.load(file))
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["PORT"]),
        access_log=False,
        server_header=False,
        lifespan="off",
        log_level="warning",
    )


if __name__ == "__main__":
    main()
