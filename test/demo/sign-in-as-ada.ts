/**
 * What a person does in the browser, by plain HTTP: signs in as ada, and allows or cancels. Returns the address of the
 * app's callback without opening it.
 */
export async function signInAsAda(authorizationUrl: string, answer: 'allow' | 'cancel' = 'allow'): Promise<string> {
  const origin = new URL(authorizationUrl).origin;
  const cookies = new Map<string, string>();
  let url = authorizationUrl;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 12; step += 1) {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '), ...(form && { origin }) },
      ...(form && { method: 'POST', body: form }),
    });
    for (const line of response.headers.getSetCookie()) keepCookie(cookies, line);
    const location = response.headers.get('location');
    if (location !== null) {
      url = new URL(location, url).href;
      form = undefined;
      await response.body?.cancel();
      if (!url.startsWith(`${origin}/`)) return url;
      continue;
    }
    const page = await response.text();
    if (!response.ok)
      throw new Error(`the bank answered ${response.status}: ${page.replaceAll(/<style>.*<\/style>/gs, '').slice(0, 800)}`);
    const action = /<form method="post" action="([^"]+)"/.exec(page)?.[1];
    if (action === undefined) throw new Error('a page without a form');
    url = new URL(action, url).href;
    form = page.includes('name="password"')
      ? new URLSearchParams({ user: 'ada', password: 'anything', answer: 'sign-in' })
      : new URLSearchParams({ answer });
  }
  throw new Error('the sign-in goes round in circles');
}

function keepCookie(cookies: Map<string, string>, line: string): void {
  const [pair = ''] = line.split(';');
  const at = pair.indexOf('=');
  const value = pair.slice(at + 1);
  if (value === '') cookies.delete(pair.slice(0, at));
  else cookies.set(pair.slice(0, at), value);
}
