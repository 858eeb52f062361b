import type { IncomingMessage, ServerResponse } from 'node:http';
import { errors, type Provider } from 'oidc-provider';
import { accountId, paymentCeiling, scopes } from './bank.ts';
import { fileAccessType, httpCallType } from './documents.ts';
import { type ConsentLine, consentPage, messagePage, sendPage, signInPage } from './pages.ts';
import { isRecord } from './read-json.ts';

type Details = Awaited<ReturnType<Provider['interactionDetails']>>;

const path = /^\/interaction\/([\w-]{1,60})$/;

/** Answers the sign-in and consent pages. `false` when the request is for something else. */
export function handleInteraction(provider: Provider, request: IncomingMessage, response: ServerResponse): boolean {
  if (!path.test(request.url ?? '')) return false;
  answer(provider, request, response).catch((error: unknown) => {
    const gone = error instanceof errors.SessionNotFound;
    const text = gone
      ? 'This sign-in is over. Start it again from Counterfoil.'
      : 'Something went wrong here. Start again from Counterfoil.';
    if (!gone) console.error('[demo bank]', error);
    if (!response.headersSent) sendPage(response, gone ? 400 : 500, messagePage('Nothing to do here', text));
  });
  return true;
}

async function answer(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const interaction = await provider.interactionDetails(request, response);
  const target = `/interaction/${interaction.uid}`;
  if (request.method === 'GET') {
    const html = interaction.prompt.name === 'login' ? signInPage(target) : consentPage(target, consentLines(interaction));
    sendPage(response, 200, html);
    return;
  }
  if (request.method !== 'POST' || request.headers.origin !== provider.issuer) {
    sendPage(response, 403, messagePage('Not from here', 'This form is only taken from the bank itself.'));
    return;
  }
  const form = await readForm(request);
  if (interaction.prompt.name === 'login') await finishSignIn({ provider, request, response, form });
  else await finishConsent({ provider, request, response, form }, interaction);
}

interface Answer {
  readonly provider: Provider;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly form: URLSearchParams;
}

async function finishSignIn({ provider, request, response, form }: Answer): Promise<void> {
  if (form.get('user') !== accountId || !form.get('password')) {
    sendPage(
      response,
      400,
      messagePage('Nobody by that name', 'The only user of this demonstration is ada. Go back and try again.'),
    );
    return;
  }
  await provider.interactionFinished(request, response, { login: { accountId } }, { mergeWithLastSubmission: false });
}

async function finishConsent({ provider, request, response, form }: Answer, interaction: Details): Promise<void> {
  if (form.get('answer') !== 'allow') {
    const refusal = { error: 'access_denied', error_description: 'the person said no' };
    await provider.interactionFinished(request, response, refusal, { mergeWithLastSubmission: false });
    return;
  }
  // Each sign-in is a consent of its own: nothing of an earlier one is carried along.
  const grant = new provider.Grant({ accountId, clientId: String(interaction.params.client_id) });
  const { scope, resource } = interaction.params;
  const wanted = typeof scope === 'string' ? scope.split(' ') : [];
  grant.addOIDCScope(wanted.filter((name) => name === 'openid' || name === 'offline_access'));
  const resourceScopes = wanted.filter((name) => scopes.some((known) => known === name));
  if (typeof resource === 'string' && resourceScopes.length > 0) grant.addResourceScope(resource, resourceScopes);
  for (const detail of askedDetails(interaction)) grant.addRar(detail as never);
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

function askedDetails(interaction: Details): readonly unknown[] {
  const { authorization_details: details } = interaction.params;
  return typeof details === 'string' ? (JSON.parse(details) as unknown[]) : [];
}

const actionWords: Readonly<Record<string, string>> = {
  list_accounts: 'list your accounts',
  read_balances: 'read balances',
  read_transactions: 'read transactions',
};

function plainLine(detail: Readonly<Record<string, unknown>>): ConsentLine | undefined {
  const { type, actions, paths } = detail;
  if (!Array.isArray(actions) || !Array.isArray(paths)) return undefined;
  if (type === fileAccessType)
    return { title: 'Use your documents', text: `It may ${actions.join(', ')} what lies in ${paths.join(', ')}.` };
  if (type === httpCallType) return { title: 'Call the bank', text: `${actions.join(', ')} at ${paths.join(', ')}.` };
  return undefined;
}

function consentLines(interaction: Details): readonly ConsentLine[] {
  const lines: ConsentLine[] = [];
  for (const detail of askedDetails(interaction)) {
    if (isRecord(detail) && detail.type === 'account_information' && Array.isArray(detail.actions)) {
      const actions = detail.actions.map((action) => actionWords[String(action)] ?? String(action));
      lines.push({ title: 'See your accounts', text: `It may ${actions.join(', ')}.` });
    }
    const line = isRecord(detail) ? plainLine(detail) : undefined;
    if (line) lines.push(line);
  }
  const { scope } = interaction.params;
  if (typeof scope === 'string' && scope.split(' ').includes('payments')) {
    const { currency, amount } = paymentCeiling;
    lines.push({ title: 'Start payments', text: `Each named in full beforehand, and at most ${amount} ${currency}.` });
  }
  lines.push({ title: 'Stay signed in', text: 'Until you sign out in Counterfoil, at most 30 days.' });
  return lines;
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
    if (body.length > 8192) throw new Error('form too large');
  }
  return new URLSearchParams(body);
}
