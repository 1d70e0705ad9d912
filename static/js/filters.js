// The long lists of the filters are fetched when their selects are first seen. They are the same on every page, so the
// browser keeps them; until they are there, a select offers what is chosen. Without a script a link leads to all.
(() => {
  const fetched = new Map(); // by address

  const fetchLists = async (address) => {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${answer.status} for ${address}`);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  };

  const fill = async (select) => {
    const address = select.form.dataset.options;
    select.removeAttribute("data-long");
    if (!fetched.has(address)) fetched.set(address, fetchLists(address));
    try {
      const lists = await fetched.get(address);
      const offered = lists.querySelector(`select[name="${select.name}"]`).cloneNode(true);
      const known = new Set([...offered.options].map((option) => option.value));
      const chosen = select.value;
      for (const option of [...select.options]) if (known.has(option.value)) option.remove();
      select.append(...offered.childNodes);
      select.value = chosen;
    } catch {
      // No network: the next look at the select, or the next page, asks again.
      fetched.delete(address);
      select.dataset.long = "";
    }
  };

  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting && "long" in entry.target.dataset) fill(entry.target);
    }
  });
  for (const select of document.querySelectorAll("select[data-long]")) seen.observe(select);
})();
