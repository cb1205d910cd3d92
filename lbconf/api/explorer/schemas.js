  // Reading the description: references, names of types, examples.

  const resolve = (schema, depth = 0) => {
    if (!schema || depth > 20) return {};
    if (!schema.$ref) return schema;
    return resolve(schema.$ref.replace(/^#\//, '').split('/').reduce((node, key) => node && node[key], description), depth + 1);
  };

  const typeName = (raw) => {
    if (!raw) return 'anything';
    if (raw.$ref) return raw.$ref.split('/').pop();
    if (raw.const !== undefined) return JSON.stringify(raw.const);
    if (raw.enum) return raw.enum.filter((value) => value !== null).map((value) => JSON.stringify(value)).join(' | ');
    if (raw.anyOf || raw.oneOf) return (raw.anyOf || raw.oneOf).filter((one) => one.type !== 'null').map(typeName).join(' or ');
    const types = [].concat(raw.type || []).filter((type) => type !== 'null');
    const name = types.map((type) => type === 'array' ? `list of ${typeName(raw.items)}` : type).join(' or ') || 'anything';
    return raw.format ? `${name} (${raw.format})` : name;
  };

  const rules = (raw, required) => {
    const found = required ? ['required'] : [];
    const words = { minLength: 'at least % characters', maxLength: 'at most % characters', minimum: 'at least %', maximum: 'at most %', pattern: 'matches %', minItems: 'at least % entries', maxItems: 'at most % entries', default: 'default %' };
    for (const [key, text] of Object.entries(words)) if (raw[key] !== undefined && raw[key] !== null) found.push(text.replace('%', () => typeof raw[key] === 'object' ? JSON.stringify(raw[key]) : String(raw[key])));
    if (raw.readOnly) found.push('set by the server');
    return found.join(', ');
  };

  const example = (raw, depth = 0) => {
    const schema = resolve(raw);
    if (depth > 3) return null;
    if (schema.examples && schema.examples.length) return schema.examples[0];
    if (schema.example !== undefined) return schema.example;
    if (schema.default !== undefined) return schema.default;
    if (schema.const !== undefined) return schema.const;
    if (schema.enum) return schema.enum[0];
    if (schema.oneOf || schema.anyOf) return example((schema.oneOf || schema.anyOf)[0], depth);
    const type = [].concat(schema.type || (schema.properties ? 'object' : []))[0];
    if (type === 'object') return Object.fromEntries(Object.entries(schema.properties || {}).map(([key, value]) => [key, example(value, depth + 1)]));
    if (type === 'array') return [];
    if (type === 'string') return exampleText(schema);
    if (type === 'integer' || type === 'number') return schema.minimum ?? 0;
    return type === 'boolean' ? false : null;
  };

  const exampleText = (schema) => {
    if (schema.format === 'date-time') return new Date().toISOString();
    if (schema.format === 'date') return new Date().toISOString().slice(0, 10);
    if (schema.format === 'time') return '12:00:00';
    if (schema.format === 'email') return 'somebody@example.com';
    if (schema.format === 'uuid') return crypto.randomUUID ? crypto.randomUUID() : '00000000-0000-4000-8000-000000000000';
    return schema.maxLength < 4 ? 'x' : 'text';
  };

  const propertiesTable = (raw) => {
    const schema = resolve(raw);
    const required = schema.required || [];
    const rows = Object.entries(schema.properties || {}).map(([name, property]) => make('tr', {},
      make('td', {}, name), make('td', {}, typeName(property)),
      make('td', {}, ...prose([property.description, rules(property, required.includes(name))].filter(Boolean).join(' · ')))));
    return make('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Properties' }, make('table', {},
      make('thead', {}, make('tr', {}, ...['Property', 'Type', 'Rules'].map((text) => make('th', { scope: 'col' }, text)))), make('tbody', {}, ...rows)));
  };
