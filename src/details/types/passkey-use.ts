import { composeType } from '../compose-type.ts';
import { exact } from '../members.ts';
import { plain, strong } from '../plain-lists.ts';
import { shownText } from '../schema.ts';

/** Signing in somewhere with one of the person's passkeys. */
export const passkeyUse = composeType({
  type: 'app.counterfoil.passkey-use',
  title: 'Sign in with a passkey',
  about: 'Signs in once, with a passkey, at the site named by its relying party id.',
  example: { relyingParty: 'shop.example', account: 'ada@shop.example' },
  once: true,
  members: {
    relyingParty: exact({
      label: 'Site',
      schema: shownText(253)
        .refine(
          (text) => /^(?=.*\.)(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*$/.test(text),
          'is not a domain in lower case',
        )
        // security: rule 6
        .refine((text) => !text.endsWith('.localhost'), 'is a name of this machine'),
      kind: 'identifier',
    }),
  },
  optional: { account: exact({ label: 'Account', schema: shownText(200), any: 'any' }) },
  sentence: ({ relyingParty, account }) => [
    plain('Sign in at '),
    strong(relyingParty),
    ...(account === undefined ? [] : [plain(' as '), strong(account)]),
    plain(' with your passkey'),
  ],
  risk: () => ({ level: 'high', reasons: ['Whoever is signed in there can do what you can do there.'] }),
});
