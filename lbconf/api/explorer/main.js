  // The page: list of models, the chosen model's operations, keys, light and dark.

  const verbs = ['get', 'post', 'put', 'patch', 'delete', 'head'];
  const main = byId('main');
  const list = byId('models');
  const search = byId('search');
  let everything = null;

  const operations = () => everything || (everything = Object.entries(description.paths).flatMap(([path, item]) => verbs.filter((verb) => item[verb]).map((verb) => ({ verb, path, operation: item[verb] }))));

  const order = ({ verb, path }) => [path.split('/').length, path, verbs.indexOf(verb)];
  const compare = (left, right) => { const a = order(left); const b = order(right); return a[0] - b[0] || a[1].localeCompare(b[1]) || a[2] - b[2]; };

  // Models by their names; what is of no model, as batches, after them.
  const isModel = (name) => (description.tags || []).some((tag) => tag.name === name);
  const byName = (left, right) => isModel(right) - isModel(left) || left.localeCompare(right);

  const guarded = (operation) => Boolean(operation.security && operation.security.length && !operation.security.some((one) => !Object.keys(one).length));

  const card = (verb, path, operation) => {
    const place = make('span', { class: 'path' });
    path.split(/(\{[^}]+\})/).forEach((part) => place.append(part.startsWith('{') ? make('em', {}, part) : part));
    const lock = guarded(operation) ? make('span', { class: 'lock', role: 'img', 'aria-label': 'Only for callers who are known', title: 'Only for callers who are known' }) : null;
    if (lock) lock.innerHTML = '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4.5 7V5a3.5 3.5 0 0 1 7 0v2" fill="none" stroke="currentColor" stroke-width="1.6"/><rect x="3" y="7" width="10" height="7" rx="1.6" fill="currentColor"/></svg>';
    const summary = make('summary', {}, make('span', { class: `verb ${verb}` }, verb.toUpperCase()), place, lock, make('span', { class: 'what' }, operation.summary || ''));
    const block = make('details', { class: 'operation', id: operation.operationId }, summary);
    block.addEventListener('toggle', () => {
      if (block.open && !block.querySelector('.inside')) block.append(panel(verb, path, operation));
      if (block.open) history.replaceState(null, '', `#/${encodeURIComponent(operation.tags[0])}/${encodeURIComponent(operation.operationId)}`);
    });
    return block;
  };

  const showModel = (name, wanted) => {
    const mine = operations().filter(({ operation }) => operation.tags[0] === name).sort(compare);
    const tag = (description.tags || []).find((one) => one.name === name) || {};
    const schema = (description.components.schemas || {})[name];
    main.replaceChildren(make('section', { class: 'model', 'aria-labelledby': 'model-name' },
      make('h2', { id: 'model-name' }, name),
      make('p', {}, tag.description ? `${tag.description} ` : '', make('code', {}, mine.length ? base() + mine[0].path : '')),
      schema ? make('details', { class: 'properties' }, make('summary', {}, `Properties of ${name}`), propertiesTable(schema)) : null,
      ...mine.map(({ verb, path, operation }) => card(verb, path, operation))));
    for (const link of list.querySelectorAll('a')) { if (link.dataset.name === name) link.setAttribute('aria-current', 'true'); else link.removeAttribute('aria-current'); }
    const chosen = wanted && document.getElementById(wanted);
    if (chosen) { chosen.open = true; chosen.scrollIntoView({ block: 'start' }); }
  };

  const fillList = () => {
    const wanted = search.value.trim().toLowerCase();
    const counts = new Map();
    for (const { path, operation } of operations()) {
      const name = operation.tags[0];
      if (!wanted || name.toLowerCase().includes(wanted) || path.toLowerCase().includes(wanted)) counts.set(name, (counts.get(name) || 0) + 1);
    }
    const current = document.getElementById('model-name');
    list.replaceChildren(...[...counts].sort(([a], [b]) => byName(a, b)).map(([name, count]) =>
      make('li', {}, make('a', { href: `#/${encodeURIComponent(name)}`, 'data-name': name, 'aria-current': current && current.textContent === name ? 'true' : null }, name, make('small', {}, String(count))))),
    ...(counts.size ? [] : [make('li', { class: 'none' }, 'Nothing found.')]));
  };

  const route = () => {
    const [wanted, operation] = location.hash.replace(/^#\//, '').split('/').map((part) => decodeURIComponent(part));
    const names = [...new Set(operations().map((one) => one.operation.tags[0]))].sort(byName);
    if (!names.length) { main.replaceChildren(make('p', { class: 'empty' }, 'No model has a REST API yet. Make one public in the configuration.')); return; }
    showModel(names.includes(wanted) ? wanted : names[0], operation);
  };

  const setTheme = (theme) => { if (theme) document.documentElement.dataset.theme = theme; };

  const moves = (event) => {
    const links = [...list.querySelectorAll('a')];
    const place = links.indexOf(document.activeElement);
    if (document.activeElement !== search && place < 0) return;
    const next = event.key === 'ArrowDown' ? place + 1 : place - 1;
    event.preventDefault();
    if (next < 0) search.focus(); else if (links[next]) links[next].focus();
  };

  addEventListener('keydown', (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey) { event.preventDefault(); search.focus(); search.select(); }
    else if (event.key === 'Escape' && event.target === search) { search.value = ''; fillList(); }
    else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') { if (event.target.tagName !== 'TEXTAREA' && event.target.tagName !== 'SELECT') moves(event); }
    else if (event.key === 'Enter' && event.target === search) { const first = list.querySelector('a'); if (first) { event.preventDefault(); first.click(); first.focus(); } }
  });
  byId('theme').addEventListener('click', () => {
    const dark = document.documentElement.dataset.theme ? document.documentElement.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    setTheme(dark ? 'light' : 'dark'); remember('lbconf-theme', dark ? 'light' : 'dark');
  });
  search.addEventListener('input', fillList);
  addEventListener('hashchange', () => { if (description) route(); });
  setTheme(recall('lbconf-theme'));

  fetch(`${prefix}/openapi.json`, { headers: { Accept: JSON_KIND } })
    .then((response) => { if (!response.ok) throw new Error(`status ${response.status}`); return response.json(); })
    .then((found) => {
      description = found;
      byId('title').textContent = found.info.title;
      byId('subtitle').textContent = `API explorer · ${base() || '/'}`;
      document.title = `${found.info.title} · API explorer`;
      startSession(); fillList(); route();
    })
    .catch((error) => main.replaceChildren(make('p', { class: 'trouble', role: 'alert' }, `The description of the API could not be read: ${error.message}`)));
