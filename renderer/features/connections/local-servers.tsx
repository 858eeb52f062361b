import { useState } from 'react';
import { toast } from 'sonner';
import type { LocalResourceView } from '../../../src/contract/shapes.ts';
import { useAct } from '../../client.ts';
import { Button } from '../../ui/button.tsx';
import { inertString } from '../../ui/inert-text.ts';
import { InertText } from '../../ui/inert-text.tsx';
import { ProblemNote } from '../../ui/problem.tsx';
import { AddLocalServer, type DetailTypeChoice } from './add-local-server.tsx';
import { text } from './text.ts';

interface LocalServersProps {
  readonly servers: readonly LocalResourceView[];
  readonly detailTypes: readonly DetailTypeChoice[];
}

/** APIs and MCP servers on this computer: agents call them directly, with a token that the server verifies. */
export function LocalServers({ servers, detailTypes }: LocalServersProps) {
  const [adding, setAdding] = useState(false);
  return (
    <section className="mt-6">
      <h2 className="font-semibold">{text.local.title}</h2>
      <p className="mb-2 text-sm text-ink-2">{text.local.meaning}</p>
      {servers.length > 0 && (
        <ul className="mb-2 grid gap-2">
          {servers.map((server) => (
            <LocalServer key={server.id} server={server} />
          ))}
        </ul>
      )}
      {adding ? (
        <AddLocalServer detailTypes={detailTypes} onEnd={() => setAdding(false)} />
      ) : (
        <Button size="s" onClick={() => setAdding(true)}>
          {text.local.begin}
        </Button>
      )}
    </section>
  );
}

function LocalServer({ server }: { readonly server: LocalResourceView }) {
  return (
    <li className="rounded-m border border-line bg-surface px-4 py-2.5">
      <h3 className="font-medium">
        <InertText text={server.name} fold={80} />
      </h3>
      <p className="font-mono text-xs break-all text-ink-2">
        <InertText text={server.url} fold={120} />
      </p>
      <p className="mt-1 text-xs text-ink-3">
        {text.speaks} <span className="font-mono">{server.detailTypes.join(', ')}</span>
        {server.scopes.length > 0 && (
          <>
            {' · '}
            {text.local.scopes} <span className="font-mono break-all">{server.scopes.join(' ')}</span>
          </>
        )}
      </p>
      <p className="mt-1 text-sm text-ink-2">{text.local.verifies[server.verifiedBy]}</p>
      {server.keyThumbprint !== undefined && (
        <p className="text-xs text-ink-3">
          {text.local.signsInAs} <span className="font-mono break-all">{server.id}</span> · {text.local.key}{' '}
          <span className="font-mono break-all">{server.keyThumbprint}</span>
        </p>
      )}
      <RemoveServer server={server} />
    </li>
  );
}

function RemoveServer({ server }: { readonly server: LocalResourceView }) {
  const [asking, setAsking] = useState(false);
  const remove = useAct('resources.remove');
  const name = inertString(server.name);
  if (!asking) {
    return (
      <Button size="s" look="danger" className="mt-2" aria-label={text.local.removeOf(name)} onClick={() => setAsking(true)}>
        {text.local.remove}
      </Button>
    );
  }
  return (
    <div role="group" aria-label={text.local.removeSure(name)} className="mt-2 grid gap-2">
      <p className="wrap-anywhere">{text.local.removeSure(name)}</p>
      {server.verifiedBy === 'signature' && <p className="text-sm text-ink-2">{text.local.removeLate}</p>}
      <div className="flex gap-2">
        <Button size="s" autoFocus onClick={() => setAsking(false)}>
          {text.local.keep}
        </Button>
        <Button
          size="s"
          look="danger"
          onClick={() => remove.act({ id: server.id }, { onDone: () => toast(text.local.removed(name)) })}
        >
          {text.local.removeDo}
        </Button>
      </div>
      {remove.problem && <ProblemNote problem={remove.problem} />}
    </div>
  );
}
