declare module 'oidc-provider/lib/actions/grants/ciba.js' {
  export const handler: unknown;
}
declare module 'oidc-provider/lib/actions/grants/refresh_token.js' {
  export const handler: unknown;
}
declare module 'oidc-provider/lib/helpers/weak_cache.js' {
  export function get(provider: unknown): unknown;
}
