"""An e-mail address that a form takes is one that a mail can be sent to; else its message would fail for ever."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from civic.accounts.forms import clean_email
from civic.errors import Invalid
from civic.forms import Form
from civic.posts.forms import ReporterEmail


class EmailForm(Form):
    email: ReporterEmail = ""


def read(typed: str) -> tuple[str, set[str]]:
    try:
        return EmailForm.read({"email": typed}).email, set()
    except Invalid as error:
        return "", set(error.fields)


@pytest.mark.parametrize(
    "typed",
    [
        *("a..b@x.yz", ".a@x.yz", "a.@x.yz", "a,b@x.yz", "a(b)@x.yz", "a;b@x.yz", "a[b@x.yz", "a\\@x.yz", "a@x..yz"),
        *("a@[x].yz", "a", "a@b", "a@b@x.yz", "a b@x.yz", "ü@x.yz", "a@x.yz\nBcc: b@x.yz"),
    ],
)
def test_what_is_no_address(typed: str) -> None:
    assert read(typed) == ("", {"email"})


@pytest.mark.parametrize(
    "typed", ["", "ana@example.org", "Ana.Bo+city@mail.example.org", "o'neill@example.org", "a@xn--mnchen-3ya.de"]
)
def test_what_is_one(typed: str) -> None:
    assert read(typed) == (typed.lower(), set())


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ana@München.example", "ana@xn--mnchen-3ya.example"),
        ("ana@mu\u0308nchen.example", "ana@xn--mnchen-3ya.example"),
        ("ａｎａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "ana@example.org"),
        ("ana@example。org", "ana@example.org"),
        ("ana@河滨.example", "ana@xn--ovw00c.example"),
        ("\ufeffa\u200bna@example.org\u2060 ", "ana@example.org"),
        ("ana@exam\u00adple.org\u200e", "ana@example.org"),
    ],
)
def test_one_address_however_it_is_typed(typed: str, kept: str) -> None:
    assert clean_email(typed) == clean_email(kept) == kept
    assert kept.isascii()


@given(st.text("aB.@,;:()<>[]\\\"'ü \x7f\u200b\u202e-_+%=1", max_size=20), st.sampled_from(["", "@x.yz", "@x"]))
def test_whatever_is_taken_can_be_mailed(start: str, end: str) -> None:
    try:
        email = clean_email(start + end)
    except ValueError:
        return
    mail = EmailMessage(policy=SMTP)
    mail["To"] = Address(addr_spec=email)
    assert mail.as_bytes(policy=SMTP).count(b"\n") <= 2
