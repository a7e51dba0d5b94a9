"""How push services know who sends: the signature and its subject."""

import time
from base64 import urlsafe_b64decode
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from api._lib.push import subject_of
from api._lib.push_keys import KeysRefused, VapidKeys
from api._lib.settings import Settings
from tests.ground.pushing import PRIVATE, PUBLIC, SUBJECT


@pytest.mark.parametrize("subject", ["", "no-reply@app.example.test", "http://app.example.test"])
def test_a_subject_that_is_no_address_is_refused(subject: str) -> None:
    with pytest.raises(KeysRefused, match="subject"):
        VapidKeys(PUBLIC, PRIVATE, subject)


@pytest.mark.parametrize(
    ("given", "subject"),
    [
        ({"web_push_subject": "https://a.test"}, "https://a.test"),
        ({"smtp_from": "a@b.test", "app_url": "https://c.test"}, "mailto:a@b.test"),
        ({"smtp_from": "Mentale Fitheid <a@b.test>"}, "mailto:a@b.test"),
        ({"app_url": "https://c.test"}, "https://c.test"),
    ],
)
def test_the_subject_comes_from_the_settings(given: dict[str, str], subject: str) -> None:
    assert subject_of(Settings(database_url="", **given)) == subject  # type: ignore[arg-type]  # all are strings


def claims(header: str, audience: str) -> dict[str, Any]:
    token = header.split("t=")[1].split(",")[0]
    assert header.endswith(f", k={PUBLIC}")
    key = ec.EllipticCurvePublicKey.from_encoded_point(
        ec.SECP256R1(), urlsafe_b64decode(PUBLIC + "=")
    )
    found: dict[str, Any] = jwt.decode(token, key, algorithms=["ES256"], audience=audience)
    return found


def test_a_signature_is_made_once_an_hour_for_each_service() -> None:
    moment = start = time.time()
    keys = VapidKeys(PUBLIC, PRIVATE, SUBJECT, now=lambda: moment)
    first = keys.authorization("https://fcm.googleapis.com/fcm/send/a")
    assert keys.authorization("https://FCM.googleapis.com:443/fcm/send/b") == first
    other = keys.authorization("https://web.push.apple.com/c")
    assert claims(first, "https://fcm.googleapis.com")["sub"] == SUBJECT
    assert claims(other, "https://web.push.apple.com")["exp"] == int(start) + 12 * 3600
    moment = start + 3599
    assert keys.authorization("https://fcm.googleapis.com/d") == first
    moment = start + 3600
    renewed = keys.authorization("https://fcm.googleapis.com/d")
    assert claims(renewed, "https://fcm.googleapis.com")["exp"] == int(moment) + 12 * 3600


def test_signatures_do_not_pile_up() -> None:
    keys = VapidKeys(PUBLIC, PRIVATE, SUBJECT)
    for number in range(300):
        keys.authorization(f"https://n{number}.notify.windows.com/w")
    assert len(keys._signed) <= 256
