import { Kbd } from '../ui/kbd.tsx';
import { Sheet } from '../ui/sheet.tsx';
import { text } from './text.ts';

interface ShortcutsProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}

/** Every key. */
export function Shortcuts(props: ShortcutsProps) {
  return (
    <Sheet title={text.shortcuts} close={text.close} {...props}>
      <div className="grid gap-5 card:grid-cols-2">
        {text.keyGroups.map((group) => (
          <section key={group.title}>
            <h3 className="mb-1.5 text-xs text-ink-3">{group.title}</h3>
            <dl className="grid grid-cols-[4.5rem_1fr] gap-y-1 text-sm">
              {group.keys.map(([keys, meaning]) => (
                <div key={keys} className="col-span-2 grid grid-cols-subgrid">
                  <dt>
                    <span className="sr-only">{keys}</span>
                    <Kbd keys={keys} />
                  </dt>
                  <dd>{meaning}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Sheet>
  );
}
