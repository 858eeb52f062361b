import { absolute } from '../../ui/time.ts';
import { text } from './text.ts';

/** The code as it stands on paper. Printing the page prints this and nothing else. */
export function CodeSheet({ code, madeAt }: { readonly code: string; readonly madeAt: number }) {
  return (
    <section className="print-sheet w-full rounded-s border border-line bg-sunken px-3.5 py-3">
      <h3 className="hidden text-xl font-semibold print:block">{text.sheet.title}</h3>
      <p className="grid grid-cols-2 gap-x-4 gap-y-1.5 font-mono text-lg card:grid-cols-4 print:my-6 print:grid-cols-4 print:text-2xl">
        {code.split('-').map((group, index) => (
          // Groups of one code can be equal; their places cannot.
          <span key={`${index} ${group}`}>{group}</span>
        ))}
      </p>
      <div className="hidden gap-2 print:grid">
        <p>{text.sheet.use}</p>
        <p>{text.sheet.keep}</p>
        <p>{text.sheet.made(absolute(madeAt))}</p>
      </div>
    </section>
  );
}
