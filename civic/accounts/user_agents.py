"""The name of a browser in the list of somebody's sessions: "Firefox on Android". Nothing else of it is kept."""

BROWSER_MARKS = (
    ("MicroMessenger", "WeChat"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEM_MARKS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("HarmonyOS", "HarmonyOS"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def browser_name(user_agent: str) -> str:
    """Browser and system, as far as the User-Agent header names them."""
    name = next((shown for mark, shown in BROWSER_MARKS if mark in user_agent), "")
    system = next((shown for mark, shown in SYSTEM_MARKS if mark in user_agent), "")
    return " · ".join(part for part in (name, system) if part)
