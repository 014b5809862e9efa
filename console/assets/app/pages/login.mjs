// The page before all others on a server that asks who is there: by a key, or at an identity provider.
// @ts-check
import { html, useEffect, useState } from '../html.mjs';
import { ask, changes, isMissingRoute } from '../api.mjs';
import { root } from '../route.mjs';
import { begin } from '../session.mjs';
import { Icon } from '../parts/basics.mjs';
import { Outage } from '../parts/states.mjs';

/** Where the login at the provider begins; it comes back to this page. @param {string | undefined} url */
function providerUrl(url) {
  const to = new URL(url ?? 'auth/login', root);
  to.searchParams.set('return_to', location.pathname + location.search);
  return to.href;
}

export default function LogIn() {
  const [key, set] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const [about, setAbout] = useState(/** @type {any} */ (null));
  useEffect(() => {
    ask('v1/meta').then(setAbout, () => {});
  }, []);
  const byKey = about?.logins?.includes('key') ?? true;
  const provider = about?.logins?.includes('oidc') ? providerUrl(about.login_url) : null;
  document.title = 'Log in · Tasker';
  const enter = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (!key.trim() || busy) return;
    setBusy(true);
    setError('');
    try {
      await ask('v1/session', { method: 'POST', body: { api_key: key.trim() } });
      await begin();
      changes.value += 1;
    } catch (/** @type {any} */ failure) {
      setError(
        isMissingRoute(failure) ? 'This server has no sessions. Use the command line with TASKER_API_KEY instead.' : failure.message,
      );
    }
    setBusy(false);
  };
  return html`<main class="main solo login" id="main"><${Outage} /><form class="panel" onSubmit=${enter}>
    <h1><svg width="20" height="20" viewBox="0 0 18 18" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round"><path d="M4 4.25h10M9 4.25v4.5a4 4 0 0 0 4 4" /><circle cx="4" cy="4.25" r="2" fill="currentColor" stroke="none" /><circle cx="14" cy="4.25" r="2" fill="currentColor" stroke="none" /><circle cx="13.75" cy="13" r="2.25" /></svg>Tasker</h1>
    <p class="soft">This server asks who you are.${byKey ? ' Paste an API key; the browser keeps a session, not the key.' : ''}</p>
    ${provider ? html`<a class="btn ${byKey ? '' : 'primary'}" href=${provider} target="_self">Log in with your identity provider</a>` : ''}
    ${!byKey && !provider && about ? html`<p class="small">It has no logins for browsers here: cookies of sessions need TLS, or a server on this machine.</p>` : ''}
    ${
      byKey
        ? html`
    <div class="field"><label for="key">API key</label><input class="input mono" id="key" type="password" autocomplete="off" autofocus spellcheck="false" placeholder="tsk_…" value=${key} aria-invalid=${error ? 'true' : undefined} aria-describedby="key-error" onInput=${(/** @type {any} */ e) => set(e.target.value)} /></div>
    <p class="err" id="key-error" role="alert">${error ? html`<${Icon} name="warn" small />${error}` : ''}</p>
    <button class="btn primary" type="submit" aria-disabled=${!key.trim() || busy ? 'true' : undefined}>${busy ? 'Logging in…' : 'Log in'}</button>
    `
        : ''
    }<p class="small dim">No key yet? <code>tasker key create --name me --role operator</code></p></form></main>`;
}
