import type { ReactNode } from 'react';

/** One thing to choose or to know. */
export function Section({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="p-5">
      <h2 className="mb-1 font-semibold">{title}</h2>
      {children}
    </section>
  );
}
