import { InertText } from '../../ui/inert-text.tsx';
import { text } from './text.ts';

interface WholeDetailProps {
  /** The type's name. */
  readonly name: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/**
 * A detail of a type that is not known, every member of it, as a labelled tree.
 *
 * security: rule 7. Nobody can say what it means, so nothing of it is folded, cut, or left out.
 */
export function WholeDetail({ name, detail }: WholeDetailProps) {
  return (
    <section
      aria-label={text.whole.label(name)}
      className="my-3 rounded-m border border-warn bg-sunken px-3.5 py-2.5 text-sm wrap-anywhere"
    >
      <h3 className="mb-1 font-medium">{text.whole.title}</h3>
      <Members members={Object.entries(detail)} />
    </section>
  );
}

function Members({ members }: { readonly members: readonly (readonly [name: string, value: unknown])[] }) {
  return (
    <ul className="grid gap-0.5">
      {members.map(([name, value]) => (
        <li key={name} className="min-w-0">
          <span className="me-2 font-mono text-xs text-ink-3">
            {name === '' ? text.whole.noName : <InertText text={name} fold={Number.POSITIVE_INFINITY} />}
          </span>
          <Value value={value} />
        </li>
      ))}
    </ul>
  );
}

function Value({ value }: { readonly value: unknown }) {
  if (typeof value === 'string') {
    return (
      <span>
        “<InertText text={value} fold={Number.POSITIVE_INFINITY} />”
      </span>
    );
  }
  if (typeof value !== 'object' || value === null) return <span className="font-mono">{JSON.stringify(value)}</span>;
  const members = Array.isArray(value)
    ? value.map((item: unknown, index) => [`${index + 1}.`, item] as const)
    : Object.entries(value);
  if (members.length === 0)
    return <span className="text-ink-3">{Array.isArray(value) ? text.whole.noItems : text.whole.noMembers}</span>;
  return (
    <div className="ms-1 border-s border-line-strong ps-2.5">
      <Members members={members} />
    </div>
  );
}
