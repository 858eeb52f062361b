import { CopyButton } from './copy-button.tsx';
import { InertText } from './inert-text.tsx';

/** Text to compare or copy character by character. */
export function CodeBlock({ value, label }: { readonly value: string; readonly label: string }) {
  return (
    <div className="relative rounded-s border border-line bg-sunken">
      <pre
        // Scrollable, so it must be reachable by keyboard.
        tabIndex={0}
        role="region"
        aria-label={label}
        className="max-h-80 overflow-auto p-3 pe-20 font-mono text-xs"
      >
        <InertText text={value} fold={20_000} keepLines />
      </pre>
      <div className="absolute end-2 top-2">
        <CopyButton value={value} />
      </div>
    </div>
  );
}
