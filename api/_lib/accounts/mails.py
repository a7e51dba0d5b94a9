"""The three mails about accounts, each as text and as HTML."""

from html import escape

from api._lib.accounts.codes import CODE_LIFE
from api._lib.mail import OutgoingMail
from api._lib.messages import Language, sentence

PRODUCT = "Mental Fitness"
MINUTES = int(CODE_LIFE.total_seconds() // 60)
_PAGE = """\
<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
<body style="margin:0;padding:24px;background:#f4f6f8;font-family:Arial,sans-serif;color:#1f2933">
<div style="max-width:480px;margin:0 auto;padding:32px;background:#ffffff;border-radius:8px">
<h1 style="margin:0 0 16px;font-size:20px">{heading}</h1>
{body}
<p style="margin:32px 0 0;font-size:12px;color:#616e7c">{product}</p>
</div>
</body>
</html>
"""
_LINE = '<p style="margin:0 0 16px;font-size:15px;line-height:1.5">{}</p>'
_BUTTON = (
    '<p style="margin:0 0 24px"><a href="{}" style="display:inline-block;padding:12px 24px;'
    'background:#0b7285;color:#ffffff;border-radius:6px;text-decoration:none">{}</a></p>'
)
_CODE = (
    '<p style="margin:0 0 16px;font-size:32px;font-weight:bold;letter-spacing:6px;'
    'font-family:monospace">{}</p>'
)


def login_mail(language: Language, to: str, link: str, code: str) -> OutgoingMail:
    """A link that logs in, and a code for typing into the app."""
    lead, code_lead, valid, ignore = (
        sentence(key, language, minutes=MINUTES)
        for key in ("mail_login_lead", "mail_login_code", "mail_valid", "mail_ignore")
    )
    button = sentence("mail_login_button", language)
    html = [
        _line(lead),
        _BUTTON.format(escape(link), escape(button)),
        _line(code_lead),
        _CODE.format(code),
        _line(f"{valid} {ignore}"),
    ]
    text = [lead, link, code_lead, code, f"{valid} {ignore}"]
    return _mail(language, to, "mail_login_subject", text, html)


def setup_mail(language: Language, to: str, code: str) -> OutgoingMail:
    """A code for choosing a first password."""
    lead, valid, ignore = (
        sentence(key, language, minutes=MINUTES)
        for key in ("mail_setup_lead", "mail_valid", "mail_ignore")
    )
    html = [_line(lead), _CODE.format(code), _line(f"{valid} {ignore}")]
    text = [lead, code, f"{valid} {ignore}"]
    return _mail(language, to, "mail_setup_subject", text, html)


def password_changed_mail(language: Language, to: str) -> OutgoingMail:
    """Notice that the password was changed; without a link, so that it teaches no bad habit."""
    lines = [sentence(key, language) for key in ("mail_changed_lead", "mail_changed_warning")]
    return _mail(language, to, "mail_changed_subject", lines, [_line(line) for line in lines])


def _line(text: str) -> str:
    return _LINE.format(escape(text))


def _mail(
    language: Language, to: str, subject_key: str, text: list[str], html: list[str]
) -> OutgoingMail:
    subject = sentence(subject_key, language)
    page = _PAGE.format(
        language=language, heading=escape(subject), body="\n".join(html), product=PRODUCT
    )
    return OutgoingMail(to, subject, "\n\n".join([subject, *text, PRODUCT]) + "\n", page)
