import { webAddress } from '../../ui/web-address.ts';
import { text } from './text.ts';

interface SignInBegunProps {
  readonly authorizationUrl: string;
  readonly opened: boolean;
}

/** Where to go on with a sign-in that has begun. */
export function SignInBegun({ authorizationUrl, opened }: SignInBegunProps) {
  const address = webAddress(authorizationUrl);
  return (
    <div role="status" className="rounded-e-s border-s-3 border-info bg-info-soft px-3.5 py-2.5">
      <p>{opened ? text.signInOpened : text.signInNotOpened}</p>
      {address !== undefined && (
        <a href={address} target="_blank" rel="noreferrer" className="underline underline-offset-3">
          {text.signInLink}
        </a>
      )}
    </div>
  );
}
