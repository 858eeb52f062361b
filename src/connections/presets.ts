import { asId } from '../base/ids.ts';
import type { ConnectionPreset } from './connections.ts';

/** The demonstration's bank, wherever its two servers are. */
export function demoBankPreset(origins: { readonly issuer: string; readonly api: string }): ConnectionPreset {
  return {
    id: 'demo',
    name: 'Demo Bank',
    issuer: origins.issuer,
    clientId: 'counterfoil',
    scopes: ['openid', 'offline_access', 'accounts', 'payments'],
    details: [{ type: 'account_information', actions: ['list_accounts', 'read_balances', 'read_transactions'] }],
    resources: [
      {
        id: asId('demo'),
        name: 'Demo Bank API',
        baseUrl: origins.api,
        indicator: origins.api,
        detailTypes: ['account_information', 'payment_initiation'],
        scopes: ['accounts', 'payments'],
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
