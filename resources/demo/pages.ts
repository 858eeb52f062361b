import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

const style = `
:root { color-scheme: light dark; --ground: #eef3f1; --card: #ffffff; --ink: #17211d; --soft: #55645d; --line: #d5dfda; --bank: #0c6b4f; --on-bank: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f1513; --card: #18201d; --ink: #e7efeb; --soft: #9aaba3; --line: #2b3832; --bank: #58c79f; --on-bank: #08150f; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { width: min(28rem, 100%); background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: 32px; }
.bank { display: flex; align-items: center; gap: 10px; color: var(--bank); font-weight: 650; letter-spacing: .01em; margin: 0 0 20px; }
.bank svg { width: 26px; height: 26px; }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 6px; }
p { margin: 0 0 16px; } .soft { color: var(--soft); font-size: .925rem; }
label { display: block; font-weight: 600; font-size: .925rem; margin: 14px 0 4px; }
input { width: 100%; font: inherit; padding: 10px 12px; border: 1px solid var(--line); border-radius: 8px; background: transparent; color: inherit; }
ul { margin: 0 0 20px; padding: 0; list-style: none; border: 1px solid var(--line); border-radius: 10px; }
li { padding: 12px 14px; } li + li { border-top: 1px solid var(--line); } li span { display: block; color: var(--soft); font-size: .875rem; }
.actions { display: flex; gap: 10px; margin-top: 22px; } button { flex: 1; font: inherit; font-weight: 600; padding: 11px 14px; border-radius: 8px; border: 1px solid var(--line); background: transparent; color: inherit; cursor: pointer; }
button.main { background: var(--bank); border-color: var(--bank); color: var(--on-bank); }
:focus-visible { outline: 2px solid var(--bank); outline-offset: 2px; }
.note { border-left: 3px solid var(--bank); padding: 2px 0 2px 12px; }
`;

const styleHash = createHash('sha256').update(style).digest('base64');
const logo =
  '<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M3 9.5 12 4l9 5.5M5 10v8M10 10v8M14 10v8M19 10v8M3 20.5h18"/></svg>';

export interface ConsentLine {
  readonly title: string;
  readonly text: string;
}

/** The page on which the person says who they are. Any password is right, and the page says so. */
export function signInPage(formTarget: string): string {
  return page(
    'Sign in to Demo Bank',
    `<h1>Sign in</h1>
<p class="soft note">This bank is a demonstration on your own computer. The user is <strong>ada</strong>; any password is accepted. Do not type a real one.</p>
<form method="post" action="${escapeHtml(formTarget)}" autocomplete="off">
<label for="user">User name</label><input id="user" name="user" value="ada" required maxlength="40">
<label for="password">Password</label><input id="password" name="password" type="password" required maxlength="200" autofocus>
<div class="actions"><button class="main" type="submit" name="answer" value="sign-in">Sign in</button></div>
</form>`,
  );
}

/** The page on which the person lets the app in. */
export function consentPage(formTarget: string, lines: readonly ConsentLine[]): string {
  const list = lines.map(({ title, text }) => `<li>${escapeHtml(title)}<span>${escapeHtml(text)}</span></li>`).join('');
  return page(
    'Let Counterfoil in? Demo Bank',
    `<h1>Let Counterfoil act for you here?</h1>
<p class="soft">Counterfoil on this computer asks, as <strong>ada</strong>, to be allowed to:</p>
<ul>${list}</ul>
<p class="soft">Each program that Counterfoil lets use this gets a narrower, short-lived token of its own, with its name on it.</p>
<form method="post" action="${escapeHtml(formTarget)}"><div class="actions">
<button type="submit" name="answer" value="cancel">Cancel</button>
<button class="main" type="submit" name="answer" value="allow">Allow</button></div></form>`,
  );
}

export function messagePage(title: string, text: string): string {
  return page(title, `<h1>${escapeHtml(title)}</h1><p class="soft">${escapeHtml(text)}</p>`);
}

/** Sends a page that loads nothing and runs nothing. */
export function sendPage(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    // Browsers hold the redirect after the form to `form-action` too: it ends at the app's loopback listener.
    'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self' http://127.0.0.1:*; frame-ancestors 'none'; base-uri 'none'`,
  });
  response.end(html);
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escapeHtml(title)}</title><style>${style}</style></head><body><main><p class="bank">${logo}Demo Bank</p>${body}</main></body></html>`;
}

function escapeHtml(text: string): string {
  const codes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replaceAll(/[&<>"']/g, (character) => codes[character] ?? '');
}
