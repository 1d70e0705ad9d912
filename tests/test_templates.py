"""Texts that are compiled into the templates say what a call at the time of the page would say."""

import pytest
from markupsafe import Markup

from civic import i18n, templates
from civic.notifications.rendering import _plain

CASES = [
    ('{{ _("Reports") }}', "Reports", "市民反映"),
    ('<a title="{{ _("Reports") }}">', '<a title="Reports">', '<a title="市民反映">'),
    ('{% set word = _("Reports") %}{{ word }}', "Reports", "市民反映"),
    ("{{ _(word) }}", "Reports", "市民反映"),  # a variable is looked up when the page is made
    ('{{ _("Phone: %(number)s", number=who) }}', "Phone: &lt;b&gt;", "电话：&lt;b&gt;"),
    ('{{ _("Phone: %(number)s", number=safe) }}', "Phone: <b>", "电话：<b>"),
    ('{{ _("100 %% of %(x)s", x=1) }} {{ _("50 %%") }}', "100 % of 1 50 %", "100 % of 1 50 %"),
    ('{{ ngettext("%(num)d report", "%(num)d reports", n) }}', "2 reports", "2 条反映"),
    ('{{ ngettext("%(num)d report", "%(num)d reports", 1) }}', "1 report", "1 条反映"),
]


@pytest.mark.parametrize(("source", "english", "chinese"), CASES)
def test_a_text_is_compiled_in_each_language(source: str, english: str, chinese: str) -> None:
    values = {"word": "Reports", "who": "<b>", "safe": Markup("<b>"), "n": 2}
    assert templates.environment("en").from_string(source).render(values) == english
    assert templates.environment("zh").from_string(source).render(values) == chinese


def test_a_message_is_plain_text() -> None:
    assert _plain("zh").from_string('{{ _("Phone: %(number)s", number=who) }}').render(who="<b>") == "电话：<b>"


def test_a_language_without_texts_speaks_english() -> None:
    with i18n.use_language("hu"):
        assert i18n.spoken_language() == "en"
        assert templates.get_template("base.html").environment is templates.environment("en")
    with i18n.use_language("zh"):
        assert templates.get_template("base.html").environment is templates.environment("zh")
