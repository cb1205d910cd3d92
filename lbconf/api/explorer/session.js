  // Who asks: a token that was pasted, or one that logging in gave. It stays in this tab's session.

  const session = { token: recall('lbconf-token'), user: recall('lbconf-user'), logout: recall('lbconf-logout') };

  const credentials = () => {
    if (!session.token) return {};
    const schemes = Object.values((description.components || {}).securitySchemes || {});
    const isJwt = /^[\w-]+\.[\w-]+\.[\w-]*$/.test(session.token);
    if (isJwt && schemes.some((one) => one.type === 'http' || one.type === 'openIdConnect')) return { Authorization: `Bearer ${session.token}` };
    const own = schemes.find((one) => one.type === 'apiKey' && one.in === 'header');
    if (own) return { [own.name]: session.token };
    return { Authorization: schemes.some((one) => one.type === 'http') ? `Bearer ${session.token}` : session.token };
  };

  const showSession = () => {
    const known = Boolean(session.token);
    byId('token-form').hidden = known;
    byId('login-open').hidden = known || !logins().length;
    byId('who').hidden = !known;
    byId('logout').hidden = !known;
    byId('logout').textContent = session.user ? 'Log out' : 'Forget token';
    byId('who').replaceChildren(make('span', { class: 'dot', 'aria-hidden': 'true' }), make('span', {}, session.user ? `Logged in as ${session.user}` : 'Token set'));
    byId('token').value = '';
  };

  const setSession = (token, user = '', logout = '') => {
    Object.assign(session, { token, user, logout });
    remember('lbconf-token', token); remember('lbconf-user', user); remember('lbconf-logout', logout);
    showSession();
  };

  const logins = () => operations().filter(({ verb, operation }) => verb === 'post' && /\.login$/.test(operation.operationId));

  const logIn = async () => {
    const wrong = byId('login-wrong');
    const complain = (text) => { wrong.textContent = text; wrong.hidden = !text; };
    const chosen = logins().find(({ operation }) => operation.tags[0] === byId('login-model').value) || logins()[0];
    const name = byId('login-name').value.trim();
    if (!name || !byId('login-password').value) { complain('Give a name and a password.'); return; }
    complain(''); byId('login-send').disabled = true;
    try {
      const sent = { [name.includes('@') ? 'email' : 'username']: name, password: byId('login-password').value };
      const response = await fetch(base() + chosen.path, { method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' }, body: JSON.stringify(sent), credentials: 'same-origin' });
      const found = await response.json();
      if (!response.ok) { complain((found.error && found.error.message) || `The server answers ${response.status}.`); return; }
      loggedIn(chosen, found, name);
      byId('login').close();
    } catch (error) { complain(`The server could not be reached: ${error.message}`); } finally { byId('login-send').disabled = false; byId('login-password').value = ''; }
  };

  const loggedIn = ({ path, operation }, found, name) => {
    if (found && typeof found.id === 'string') setSession(found.id, name || `${operation.tags[0]} ${found.userId ?? ''}`.trim(), path.replace(/\/login$/, '/logout'));
  };

  const logOut = async () => {
    if (session.logout) { try { await fetch(base() + session.logout, { method: 'POST', headers: credentials(), credentials: 'same-origin' }); } catch { /* the token is forgotten all the same */ } }
    setSession('');
  };

  const startSession = () => {
    byId('session').hidden = !(description.components && description.components.securitySchemes);
    const models = logins().map(({ operation }) => operation.tags[0]);
    byId('login-model').replaceChildren(...models.map((name) => make('option', { value: name }, name)));
    byId('login-model-line').hidden = models.length < 2;
    byId('token-form').addEventListener('submit', (event) => { event.preventDefault(); const text = byId('token').value.trim(); if (text) { setSession(text); byId('logout').focus(); } });
    byId('login-open').addEventListener('click', () => { byId('login').showModal(); byId('login-name').focus(); });
    byId('login-close').addEventListener('click', () => byId('login').close());
    byId('login-form').addEventListener('submit', (event) => { event.preventDefault(); logIn(); });
    byId('logout').addEventListener('click', logOut);
    showSession();
  };
