import { useState } from 'react';
import { useAct } from '../../client.ts';
import type { Problem } from '../../ui/problem.tsx';
import { ChoosePassphrase } from './choose-passphrase.tsx';
import { text } from './text.ts';
import { TypeCode } from './type-code.tsx';

/** Problems of the code, not of the passphrase that follows it. */
const ofTheCode: readonly string[] = ['recovery_code_wrong', 'recovery_code_mistyped', 'not_found'];

interface RecoverProps {
  readonly back: { readonly label: string; readonly go: () => void };
}

/** Opens the vault with the recovery code: the code, then a new passphrase. The code is held by a closure until it was used. */
export function Recover({ back }: RecoverProps) {
  const recover = useAct('vault.recover');
  const [typed, setTyped] = useState<{ readonly code: () => string }>();
  const [wrong, setWrong] = useState<Problem>();
  if (!typed) {
    return (
      <TypeCode
        problem={wrong}
        back={back}
        onCode={(code) => {
          setWrong(undefined);
          recover.reset();
          setTyped({ code: () => code });
        }}
      />
    );
  }
  return (
    <ChoosePassphrase
      lead={text.recover.chooseLead}
      action={text.recover.action}
      busy={text.recover.busy}
      pending={recover.pending}
      problem={recover.problem}
      onPassphrase={(newPassphrase, onProblem) =>
        recover.act(
          {},
          {
            passphrase: { passphrase: typed.code(), newPassphrase },
            onProblem(problem) {
              if (!ofTheCode.includes(problem.code)) return onProblem(problem);
              setWrong(problem);
              setTyped(undefined);
            },
          },
        )
      }
    />
  );
}
