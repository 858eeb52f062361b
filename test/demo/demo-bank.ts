import { randomBytes } from 'node:crypto';
import { type ApiOptions, startApi } from '../../resources/demo/api.ts';
import { type AuthorizationServerOptions, startAuthorizationServer } from '../../resources/demo/authorization-server.ts';

export interface DemoBank {
  readonly issuer: string;
  readonly api: string;
  stop(): Promise<void>;
}

/** Both servers of the Demo Bank on free ports, in this process. */
export async function startDemoBank(
  options: Partial<Pick<AuthorizationServerOptions, 'accessTokenSeconds' | 'stateFolder' | 'tls'>> &
    Pick<ApiOptions, 'onCall'> = {},
): Promise<DemoBank> {
  const { onCall, ...serverOptions } = options;
  const { tls } = options;
  const apiSecret = randomBytes(16).toString('base64url');
  let issuer = '';
  const api = await startApi({ port: 0, issuer: () => issuer, apiSecret, ...(onCall && { onCall }), ...(tls && { tls }) });
  const server = await startAuthorizationServer({ port: 0, indicator: api.url, apiSecret, ...serverOptions });
  issuer = server.url;
  return {
    issuer,
    api: api.url,
    async stop() {
      await Promise.all([api.stop(), server.stop()]);
    },
  };
}
