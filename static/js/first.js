// Before anything is painted: what needs a script is shown, also in what htmx brings later (static/css/base.css).
document.documentElement.classList.add("script");
