import type { ConnectionView } from '../../../src/contract/shapes.ts';
import { InertText } from '../../ui/inert-text.tsx';
import { RelativeTime } from '../../ui/relative-time.tsx';
import { Tag, type TagTone } from '../../ui/tag.tsx';
import { ConnectionActs } from './connection-acts.tsx';
import { text } from './text.ts';

const stateTones: Readonly<Record<ConnectionView['state'], TagTone>> = {
  signed_out: 'quiet',
  signing_in: 'info',
  signed_in: 'ok',
  needs_sign_in: 'warn',
};
const holdTones: Readonly<Record<ConnectionView['properties'][number]['holds'], TagTone>> = {
  yes: 'ok',
  partly: 'warn',
  no: 'danger',
};

/** One connection: where, as whom, and the four plain properties of what agents can get through it. */
export function ConnectionCard({ connection }: { readonly connection: ConnectionView }) {
  return (
    <li className="rounded-l border border-line bg-surface p-4">
      <div className="flex flex-wrap items-baseline gap-2">
        <h2 className="text-lg font-semibold">
          <InertText text={connection.name} fold={80} />
        </h2>
        <Tag tone={stateTones[connection.state]}>{text.states[connection.state]}</Tag>
        <span className="text-sm text-ink-3">
          {connection.account !== undefined && <InertText text={text.as(connection.account)} fold={80} />}
          {connection.signedInAt !== undefined && (
            <>
              {connection.account !== undefined && ' · '}
              {text.signedIn} <RelativeTime at={connection.signedInAt} />
            </>
          )}
        </span>
      </div>
      <p className="font-mono text-xs text-ink-3">
        <InertText text={connection.issuer} fold={120} />
      </p>
      <p className="mt-3 text-sm">
        <span className="text-ink-3">{text.rung(connection.rung.number)} · </span>
        <strong className="font-semibold">{connection.rung.title}</strong>
        <span className="block text-ink-2">{connection.rung.meaning}</span>
      </p>
      <Properties properties={connection.properties} />
      <Resources resources={connection.resources} />
      <ConnectionActs connection={connection} />
    </li>
  );
}

function Properties({ properties }: Pick<ConnectionView, 'properties'>) {
  return (
    <dl className="mt-3 grid gap-x-4 gap-y-3 card:grid-cols-2 rail:grid-cols-4">
      {properties.map((property) => (
        <div key={property.label}>
          <dt className="flex items-center gap-1.5 text-sm font-medium">
            {property.label}
            <Tag tone={holdTones[property.holds]}>{text.holds[property.holds]}</Tag>
          </dt>
          <dd className="mt-0.5 text-xs text-ink-2">{property.reason}</dd>
        </div>
      ))}
    </dl>
  );
}

function Resources({ resources }: Pick<ConnectionView, 'resources'>) {
  return (
    <section className="mt-3 border-t border-line pt-3">
      <h3 className="text-xs text-ink-3">{text.resources}</h3>
      {resources.length === 0 && <p className="text-sm text-ink-2">{text.noResources}</p>}
      <ul className="mt-1 grid gap-1 text-sm">
        {resources.map((resource) => (
          <li key={resource.id} className="flex flex-wrap items-baseline gap-x-3">
            <span className="font-medium">
              <InertText text={resource.name} fold={80} />
            </span>
            <span className="font-mono text-xs text-ink-2">
              <InertText text={resource.baseUrl} fold={120} />
            </span>
            <span className="text-xs text-ink-3">
              {text.speaks} <span className="font-mono">{resource.detailTypes.join(', ')}</span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
