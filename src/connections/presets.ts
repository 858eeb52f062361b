import { asId } from '../base/ids.ts';
import type { CallRule, Terms } from '../details/details.ts';
import type { ConnectionPreset } from './connections.ts';

/** How the bank's documents are called, in terms of files. */
const documentCalls: readonly CallRule[] = [
  { method: 'GET', path: '/folders', needs: { actions: ['list'], paths: ['/*'] } },
  { method: 'GET', path: '/folders/{folder+}', needs: { actions: ['list'], paths: ['/{folder}/*'] } },
  { method: 'GET', path: '/documents/{file+}', needs: { actions: ['read'], paths: ['/{file}'] } },
  { method: 'PUT', path: '/documents/{file+}', body: true, needs: { actions: ['write'], paths: ['/{file}'] } },
  { method: 'DELETE', path: '/documents/{file+}', needs: { actions: ['delete'], paths: ['/{file}'] } },
];

/** The bank verifies every detail in its token; each type has a scope of its own. */
const demoTerms: Terms = {
  account_information: { upstream: true },
  payment_initiation: { upstream: true },
  'app.counterfoil.file-access': { upstream: true, scopes: ['documents'], calls: documentCalls },
  'app.counterfoil.http-call': { upstream: true, scopes: ['api'] },
};

/** The demonstration's bank, wherever its two servers are. */
export function demoBankPreset(origins: { readonly issuer: string; readonly api: string }): ConnectionPreset {
  return {
    id: 'demo',
    name: 'Demo Bank',
    issuer: origins.issuer,
    clientId: 'counterfoil',
    scopes: ['openid', 'offline_access', 'accounts', 'payments', 'documents', 'api'],
    details: [
      { type: 'account_information', actions: ['list_accounts', 'read_balances', 'read_transactions'] },
      { type: 'app.counterfoil.file-access', actions: ['list', 'read', 'write', 'delete'], paths: ['/**'] },
      { type: 'app.counterfoil.http-call', actions: ['GET'], paths: ['/rates', '/rates/*'], query: ['date'] },
      { type: 'app.counterfoil.http-call', actions: ['POST'], paths: ['/notes'], maxBodyBytes: 10_000 },
    ],
    resources: [
      {
        id: asId('demo'),
        name: 'Demo Bank API',
        baseUrl: origins.api,
        indicator: origins.api,
        detailTypes: ['account_information', 'payment_initiation', 'app.counterfoil.file-access', 'app.counterfoil.http-call'],
        terms: demoTerms,
        scopes: ['accounts', 'payments', 'documents', 'api'],
      },
    ],
  };
}

/**
 * The providers that we ship settings for. A preset binds the origins that credentials may go to; metadata that a
 * provider serves can name none beside them (security rule 9).
 */
export const connectionPresets: readonly ConnectionPreset[] = [
  demoBankPreset({ issuer: 'http://127.0.0.1:7420', api: 'http://127.0.0.1:7421' }),
];
