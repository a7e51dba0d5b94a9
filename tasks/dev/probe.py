"""Whether servers on loopback take requests."""

import http.client
import urllib.error
import urllib.request

NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def responds(url: str) -> bool:
    """Whether anything answers there over HTTP, an error included."""
    try:
        NO_PROXY.open(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except (OSError, http.client.HTTPException):
        return False
    return True


def healthy(url: str) -> bool:
    """Whether the server there says that it can work."""
    try:
        with NO_PROXY.open(f"{url}/api/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False
