  // Making elements, and what a browser may not have.

  const make = (name, settings = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(settings)) {
      if (key === 'class') element.className = value;
      else if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
      else if (value !== undefined && value !== null && value !== false) element.setAttribute(key, value === true ? '' : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };

  const byId = (name) => document.getElementById(name);

  const prose = (text) => text.split(/`([^`]+)`/).map((part, place) => place % 2 ? make('code', {}, part) : part);

  const remember = (key, value) => { try { if (value) sessionStorage.setItem(key, value); else sessionStorage.removeItem(key); } catch { /* private mode */ } };
  const recall = (key) => { try { return sessionStorage.getItem(key) || ''; } catch { return ''; } };

  const coloured = (text) => {
    const target = make('pre', { tabindex: '0', 'aria-label': 'Body of the answer' });
    if (text.length > 300000) { target.append(text); return target; }
    const pattern = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;
    let last = 0;
    for (const match of text.matchAll(pattern)) {
      target.append(text.slice(last, match.index));
      const kind = match[1] ? (match[2] ? 'k' : 's') : match[3] ? 'w' : 'n';
      target.append(make('span', { class: kind }, match[1] || match[0]));
      if (match[2]) target.append(match[2]);
      last = match.index + match[0].length;
    }
    target.append(text.slice(last));
    return target;
  };

  const copy = async (text, button) => {
    try { await navigator.clipboard.writeText(text); } catch {
      const area = make('textarea', {}); area.value = text; document.body.append(area); area.select(); document.execCommand('copy'); area.remove();
    }
    const before = button.textContent; button.textContent = 'Copied'; setTimeout(() => { button.textContent = before; }, 1200);
  };
