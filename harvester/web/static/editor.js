/* The editor over the form of /sparql, which works without it: colours, completion, results, points on a map.
   Words come from the data-* attributes of the form; nothing is asked of any other server. */
"use strict";

(() => {
  const form = document.getElementById("ask");
  const area = document.getElementById("query");
  if (!form || !area || !window.Yasgui) return;
  const said = form.dataset;
  const { Yasqe, Yasr } = window.Yasgui;
  const own = (path) => new URL(path, new URL(said.root, document.baseURI)).href;

  const json = (path) => fetch(own(path), { headers: { accept: "application/json" } }).then((answer) => answer.json());
  const prefixes = json("vocab/prefixes?format=json").catch(() => ({}));
  const terms = json(`sparql/terms.json?lang=${document.documentElement.lang}`)
    .then((told) => told.terms)
    .catch(() => []);

  /* Terms that begin so, or whose name holds it; the most used first, as they come. */
  const matching = (kind) => async (_yasqe, token) => {
    const typed = (token?.autocompletionString ?? "").toLowerCase();
    const fits = (one) => one.iri.toLowerCase().startsWith(typed) || (typed && one.label.toLowerCase().includes(typed));
    return (await terms).filter((one) => one.kind === kind && fits(one)).map((one) => one.iri);
  };
  /* Each suggestion with its name and how often it is used. */
  let known = new Map();
  terms.then((told) => { known = new Map(told.map((one) => [one.iri, one])); });
  const described = (_yasqe, hints) =>
    hints.map((hint) => {
      const one = known.get([hint.text, hint.displayText].map((text) => (text ?? "").replace(/^<|>$/g, "")).find((iri) => known.has(iri)));
      const used = one?.used ? ` · ${one.used.toLocaleString(document.documentElement.lang)}` : "";
      return one ? { ...hint, displayText: `${hint.displayText ?? hint.text} — ${one.label}${used}` } : hint;
    });
  for (const name of ["class", "property"]) {
    const given = Yasqe.Autocompleters[name];
    const ours = { bulk: false, persistenceId: undefined, get: matching(name), postprocessHints: described };
    Yasqe.registerAutocompleter({ ...given, ...ours });
  }
  Yasqe.registerAutocompleter({
    ...Yasqe.Autocompleters.prefixes,
    persistenceId: undefined,
    get: async () => Object.entries(await prefixes).map(([prefix, space]) => `${prefix}: <${space}>`).sort(),
  });

  const place = document.createElement("div");
  place.id = "editor";
  area.after(place);
  area.hidden = true;
  area.required = false;
  const yasqe = new Yasqe(place, {
    value: area.value.trim(),
    persistenceId: null,
    consumeShareLink: null,
    createShareableLink: null,
    showQueryButton: false,
    resizeable: true,
    editorHeight: "20rem",
    lineWrapping: true,
    extraKeys: { Tab: false, "Shift-Tab": false, "Ctrl-Enter": () => form.requestSubmit() },
    requestConfig: { endpoint: said.endpoint },
  });
  const field = yasqe.getInputField();
  field.setAttribute("aria-label", said.label);
  field.setAttribute("aria-describedby", "editor-help");
  document.getElementById("editor-help").hidden = false;

  const shared = () => {
    const address = new URL(form.action, document.baseURI);
    address.searchParams.set("query", yasqe.getValue());
    address.searchParams.set("lang", document.documentElement.lang);
    return address;
  };

  const found = document.getElementById("found");
  const results = document.getElementById("found-results");
  const status = document.getElementById("found-status");
  let yasr = null;
  let asking = null;

  const shown = async (answer, began) => {
    const text = await answer.text();
    const type = answer.headers.get("content-type") ?? "";
    if (!answer.ok) {
      let told = { detail: text };
      try { told = JSON.parse(text); } catch { /* a proxy may speak otherwise: then its own words are shown */ }
      status.textContent = `${said.refused} (HTTP ${answer.status}): ${told.detail ?? text}`;
      status.className = "notice bad";
      results.hidden = true;
      return;
    }
    status.className = "small";
    status.textContent = said.took.replace("{ms}", String(Math.round(performance.now() - began)));
    results.hidden = false;
    yasr ??= new Yasr(results, { persistenceId: null, prefixes: await prefixes, pluginOrder: ["table", "boolean", "response"] });
    yasr.setResponse({ data: text, contentType: type, status: answer.status, executionTime: performance.now() - began });
    drawn(type.includes("sparql-results+json") ? JSON.parse(text) : null);
    linked(!type.includes("sparql-results"));
  };

  /* Links to the same answer in each format, from the server, whole. */
  const linked = (graph) => {
    const list = document.getElementById("found-formats");
    list.replaceChildren();
    for (const name of graph ? ["turtle", "jsonld", "ntriples", "rdfxml"] : ["json", "csv", "tsv", "xml"]) {
      const address = shared();
      address.searchParams.delete("lang");
      address.searchParams.set("format", name);
      const link = document.createElement("a");
      link.href = address.href;
      link.textContent = name;
      list.append(link, " ");
    }
  };

  const point = (text) => /^\s*(?:<[^>]*>\s*)?POINT\s*\(\s*(-?[\d.]+)\s+(-?[\d.]+)\s*\)\s*$/i.exec(text);
  const number = (cell) => (cell && cell.value.trim() !== "" ? Number(cell.value) : NaN);
  const named = (names, pattern) => names.find((name) => pattern.test(name));

  /* [lat, lon, row] of each row that has a place: a WKT point, or a latitude and a longitude. */
  const places = (told) => {
    const names = told.head.vars ?? [];
    const lat = named(names, /^(lat|latitude)$/i);
    const lon = named(names, /^(lon|lng|long|longitude)$/i);
    return (told.results?.bindings ?? []).flatMap((row) => {
      const wkt = Object.values(row).map((cell) => point(cell.value)).find(Boolean);
      const where = wkt ? [Number(wkt[2]), Number(wkt[1])] : [number(row[lat]), number(row[lon])];
      return where.every(Number.isFinite) && Math.abs(where[0]) <= 90 ? [[...where, row]] : [];
    });
  };

  let map = null;
  const drawn = (told) => {
    const frame = document.getElementById("found-map");
    const here = told ? places(told) : [];
    frame.hidden = here.length === 0 || !window.L;
    if (frame.hidden) return;
    const { L } = window;
    map?.remove();
    map = L.map(frame, { preferCanvas: true, attributionControl: false, zoomSnap: 0.5 });
    L.control.scale({ imperial: false }).addTo(map);
    const dots = here.slice(0, 5000).map(([lat, lon, row]) => {
      const text = document.createElement("div");
      for (const [name, cell] of Object.entries(row)) {
        const line = document.createElement("p");
        line.textContent = `${name}: ${cell.value}`;
        text.append(line);
      }
      return L.circleMarker([lat, lon], { radius: 6, color: "#17505a", weight: 1, fillOpacity: 0.6 }).bindPopup(text);
    });
    const group = L.featureGroup(dots).addTo(map);
    map.fitBounds(group.getBounds().pad(0.1), { maxZoom: 13, animate: false });
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    asking?.abort();
    asking = new AbortController();
    document.getElementById("answer")?.remove();
    found.hidden = false;
    results.hidden = true;
    document.getElementById("found-map").hidden = true;
    status.className = "small";
    status.textContent = said.waiting;
    history.replaceState(null, "", shared());
    const asked = {
      method: "POST",
      body: new URLSearchParams({ query: yasqe.getValue() }),
      headers: { accept: "application/sparql-results+json, text/turtle;q=0.9" },
      signal: asking.signal,
    };
    const began = performance.now();
    try {
      await shown(await fetch(own("sparql"), asked), began);
    } catch (error) {
      if (error.name === "AbortError") return;
      status.className = "notice bad";
      status.textContent = `${said.broken} (${error.message})`;
    }
  });

  const share = document.getElementById("share");
  share.hidden = false;
  share.addEventListener("click", async () => {
    const address = shared().href;
    history.replaceState(null, "", address);
    try {
      await navigator.clipboard.writeText(address);
      share.textContent = said.copied;
    } catch {
      share.textContent = said.inBar;
    }
  });
})();
