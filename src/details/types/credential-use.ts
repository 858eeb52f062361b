import { composeType } from '../compose-type.ts';
import { exact, names } from '../members.ts';
import { joinWords, plain, strong } from '../plain-lists.ts';
import { shownText } from '../schema.ts';

/** Using a secret that the person keeps here, such as an API key, without seeing it. */
export const credentialUse = composeType({
  type: 'app.counterfoil.credential-use',
  title: 'Use a credential of yours',
  about: 'Uses a credential that is kept here at some https origins. The agent never sees it.',
  example: { credential: 'Build server key', origins: ['https://build.example'] },
  members: {
    credential: exact({ label: 'Credential', schema: shownText(140) }),
    origins: names({
      label: 'Only at',
      each: shownText(300).refine(
        (text) => text.startsWith('https:') && URL.canParse(text) && new URL(text).origin === text,
        'is not an https origin',
      ),
      mono: true,
    }),
  },
  sentence: ({ credential, origins }) => [
    plain('Use your credential '),
    strong(`“${credential}”`),
    plain(' at '),
    strong(joinWords(origins)),
  ],
  risk: () => ({ level: 'high', reasons: ['A credential does there whatever it was made for; nothing narrows it.'] }),
});
