  // One operation: its fields, sending it, and what came back.

  const JSON_KIND = 'application/json';

  const field = (identity, name, note, control, hint) => {
    const wrong = make('p', { class: 'wrong', id: `${identity}-wrong`, hidden: true });
    control.id = identity;
    control.setAttribute('aria-describedby', `${identity}-wrong`);
    const block = make('div', { class: 'field' }, make('label', { for: identity }, name, make('small', {}, note)), control, wrong, hint ? make('p', { class: 'hint' }, ...prose(hint)) : null);
    return { block, control, complain: (text) => {
      wrong.textContent = text || ''; wrong.hidden = !text; control.removeAttribute('aria-invalid');
      if (text) control.setAttribute('aria-invalid', 'true');
    } };
  };

  const isObject = (schema) => { const found = resolve(schema); return Boolean(found.properties || found.anyOf || [].concat(found.type || []).some((type) => type === 'object' || type === 'array')); };

  const parameterControl = (parameter) => {
    const schema = parameter.content ? parameter.content[JSON_KIND].schema : parameter.schema || {};
    const isJson = Boolean(parameter.content) || isObject(schema);
    const given = parameter.example ?? (resolve(schema).examples || [])[0];
    const options = resolve(schema).enum || ([].concat(schema.type || [])[0] === 'boolean' ? [true, false] : null);
    let control;
    if (isJson) control = make('textarea', { rows: '2', spellcheck: 'false', placeholder: given ? JSON.stringify(given) : '{}' });
    else if (options) control = make('select', {}, make('option', { value: '' }, parameter.required ? 'choose' : '(not sent)'), ...options.filter((one) => one !== null).map((one) => make('option', {}, String(one))));
    else control = make('input', { autocomplete: 'off', spellcheck: 'false', placeholder: given === undefined ? '' : `such as ${given}` });
    return { control, isJson, given, note: `${parameter.in === 'header' ? 'header, ' : ''}${isJson ? 'object' : typeName(schema)}${parameter.required ? ', required' : ''}` };
  };

  const parameterField = (identity, raw) => {
    const parameter = resolve(raw);
    const { control, isJson, given, note } = parameterControl(parameter);
    const made = field(identity(parameter.name), parameter.name, note, control, parameter.description);
    if (isJson && given) {
      const fill = make('button', { type: 'button', class: 'link', onclick: () => { control.value = JSON.stringify(given, null, 2); control.rows = control.value.split('\n').length; control.focus(); } }, 'Use the example');
      made.block.append(make('p', { class: 'hint' }, fill));
    }
    return { ...made, parameter, isJson };
  };

  const bodyField = (identity, requestBody) => {
    const content = requestBody.content[JSON_KIND] || Object.values(requestBody.content)[0];
    const several = content.schema.anyOf || content.schema.oneOf;
    const first = several ? several[0] : content.schema;
    const text = JSON.stringify(example(first), null, 2);
    const control = make('textarea', { rows: String(Math.min(16, text.split('\n').length + 1)), spellcheck: 'false' });
    control.value = text;
    const made = field(identity('body'), 'Body', 'JSON', control, several ? 'One object, or a list of objects to create several.' : null);
    if (resolve(first).properties) made.block.append(make('details', { class: 'properties' }, make('summary', {}, 'Properties'), propertiesTable(first)));
    return made;
  };

  const curl = (verb, url, headers, body) => {
    const quote = (text) => `'${text.replace(/'/g, `'\\''`)}'`;
    const parts = ['curl', verb === 'HEAD' ? '--head' : `-X ${verb}`, quote(location.origin + url)];
    for (const [name, value] of Object.entries(headers)) if (name !== 'Accept') parts.push('-H', quote(`${name}: ${value}`));
    if (body !== undefined) parts.push('--data', quote(body));
    return parts.join(' ');
  };

  const answersTable = (responses) => make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Answers' }, make('table', {}, make('tbody', {}, ...Object.entries(responses).map(([status, raw]) => {
    const response = resolve(raw);
    const schema = response.content && response.content[JSON_KIND] ? response.content[JSON_KIND].schema : null;
    return make('tr', {}, make('td', { class: `status ${status < 400 ? 'good' : 'bad'}` }, status), make('td', {}, ...prose(response.description || '')), make('td', {}, schema ? typeName(schema) : ''));
  }))));

  const gather = (fields, body, path) => {
    let target = path; let ready = true; const query = []; const headers = { Accept: JSON_KIND };
    for (const { control, complain, parameter, isJson } of fields) {
      const value = control.value.trim(); complain('');
      if (!value && parameter.required) { complain('Give a value.'); ready = false; }
      if (isJson && value) { try { JSON.parse(value); } catch (error) { complain(`This is no JSON: ${error.message}`); ready = false; } }
      if (parameter.in === 'path') target = target.replace(`{${parameter.name}}`, encodeURIComponent(value));
      else if (parameter.in === 'header' && value) headers[parameter.name] = value;
      else if (value) query.push(`${encodeURIComponent(parameter.name)}=${encodeURIComponent(value)}`);
    }
    let sent;
    if (body) {
      body.complain(''); sent = body.control.value.trim() ? body.control.value : undefined;
      if (sent) { headers['Content-Type'] = JSON_KIND; try { JSON.parse(sent); } catch (error) { body.complain(`This is no JSON: ${error.message}`); ready = false; } }
    }
    return ready ? { url: base() + target + (query.length ? `?${query.join('&')}` : ''), headers: { ...headers, ...credentials() }, sent } : null;
  };

  const readable = (url) => { try { return decodeURIComponent(url); } catch { return url; } };

  const shown = (verb, request, response, text, milliseconds) => {
    let pretty = text; let isJson = false;
    try { pretty = JSON.stringify(JSON.parse(text), null, 2); isJson = true; } catch { /* shown as it came */ }
    const command = curl(verb.toUpperCase(), request.url, request.headers, request.sent);
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    return make('div', { class: 'answer' },
      make('div', { class: 'bar' },
        make('span', { class: `status ${response.ok ? 'good' : 'bad'}` }, `${response.status} ${response.statusText}`.trim()),
        make('span', {}, `${Math.round(milliseconds)} ms`),
        make('span', {}, `${new Blob([text]).size.toLocaleString('en')} bytes`),
        make('button', { type: 'button', onclick: (event) => copy(command, event.target) }, 'Copy as curl'),
        text ? make('button', { type: 'button', onclick: (event) => copy(pretty, event.target) }, 'Copy body') : null),
      make('div', { class: 'request' }, `${verb.toUpperCase()} ${readable(request.url)}`),
      text ? (isJson ? coloured(pretty) : make('pre', { tabindex: '0' }, pretty)) : make('pre', {}, '(no body)'),
      make('details', { class: 'headers' }, make('summary', {}, 'Headers'), make('pre', { tabindex: '0' }, headers)));
  };

  const panel = (verb, path, operation) => {
    const identity = (part) => `${operation.operationId}-${part}`.replace(/[^\w-]+/g, '-');
    const fields = (operation.parameters || []).map((raw) => parameterField(identity, raw));
    const inUrl = fields.filter((one) => one.parameter.in !== 'header');
    const inHeaders = fields.filter((one) => one.parameter.in === 'header');
    const body = operation.requestBody ? bodyField(identity, operation.requestBody) : null;
    const answer = make('div', { 'aria-live': 'polite' });
    const go = make('button', { class: 'main', type: 'button' }, 'Try it out');
    const clear = make('button', { class: 'plain', type: 'button', hidden: true, onclick: () => { answer.replaceChildren(); clear.hidden = true; go.focus(); } }, 'Clear');
    const inside = make('div', { class: 'inside' },
      operation.description ? make('p', { class: 'hint' }, ...prose(operation.description)) : null,
      ...inUrl.map((one) => one.block), body ? body.block : null,
      inHeaders.length ? make('details', { class: 'properties' }, make('summary', {}, 'Request headers'), ...inHeaders.map((one) => one.block)) : null,
      make('div', { class: 'actions' }, go, clear), answer,
      make('details', { class: 'properties' }, make('summary', {}, 'Answers'), answersTable(operation.responses || {})));

    const send = async () => {
      const request = gather(fields, body, path);
      if (!request) { const wrong = inside.querySelector('[aria-invalid]'); if (wrong) wrong.focus(); return; }
      go.disabled = true;
      const started = performance.now();
      try {
        const response = await fetch(request.url, { method: verb.toUpperCase(), headers: request.headers, body: request.sent, credentials: 'same-origin', cache: 'no-store' });
        const text = await response.text();
        answer.replaceChildren(shown(verb, request, response, text, performance.now() - started));
        if (response.ok && /\.login$/.test(operation.operationId)) { try { loggedIn({ path, operation }, JSON.parse(text)); } catch { /* no token */ } }
      } catch (error) {
        answer.replaceChildren(make('p', { class: 'trouble' }, `The server could not be reached: ${error.message}`));
      } finally { go.disabled = false; clear.hidden = false; }
    };

    go.addEventListener('click', send);
    inside.addEventListener('keydown', (event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey || event.target.tagName === 'INPUT')) { event.preventDefault(); send(); } });
    return inside;
  };
