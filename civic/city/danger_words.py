"""Words that mean danger to life, by language: whoever writes one is shown the emergency number before sending.

A pack's `danger_words` replace them. They are many rather than few: a number too much costs nothing.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

DANGER_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": (
            *("smell gas", "smells of gas", "smell of gas", "gas smell", "gas leak", "leaking gas"),
            *("live wire", "bare wire", "power line is down", "fallen power line", "electric shock", "sparking"),
            *("on fire", "house fire", "flames", "explosion", "exploded", "collapsed building", "about to collapse"),
            *("fell into", "fallen into", "is drowning", "unconscious", "not breathing", "is bleeding"),
        ),
        "zh": (
            *("煤气味", "燃气味", "天然气味", "煤气泄漏", "燃气泄漏", "天然气泄漏", "闻到煤气", "闻到燃气"),
            *("漏电", "触电", "电线落地", "电线掉", "带电的电线", "着火", "起火", "失火", "明火", "爆炸"),
            *("溺水", "落水", "掉进井", "掉入井", "跌入", "昏迷", "没有呼吸", "大出血", "房屋倒塌", "要塌了"),
        ),
        "fi": (
            "kaasun haju",
            "kaasuvuoto",
            "sähköisku",
            "sähköjohto maassa",
            "tulipalo",
            "palaa",
            "räjähdys",
            "hukkuu",
        ),
        "sv": ("gaslukt", "gasläcka", "elstöt", "nedfallen elledning", "brinner", "eldsvåda", "explosion", "drunknar"),
        "de": (
            "gasgeruch",
            "riecht nach gas",
            "stromschlag",
            "es brennt",
            "feuer",
            "explosion",
            "ertrinkt",
            "bewusstlos",
        ),
        "fr": ("odeur de gaz", "fuite de gaz", "fil électrique", "électrocution", "incendie", "en feu", "explosion"),
        "es": ("olor a gas", "fuga de gas", "cable eléctrico", "electrocución", "incendio", "en llamas", "explosión"),
        "hu": ("gázszag", "gázszivárgás", "áramütés", "leszakadt vezeték", "tűz van", "ég a ház", "robbanás"),
    }
)


def default_danger_words(languages: Iterable[str]) -> list[str]:
    """Those of a city's languages; a language that has none adds nothing, and the pack should."""
    return [word for language in languages for word in DANGER_WORDS.get(language.partition("-")[0], ())]
