import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';

const tones = {
  warn: 'border-warn bg-warn-soft',
  danger: 'border-danger bg-danger-soft',
  info: 'border-info bg-info-soft',
  quiet: 'border-line-strong bg-sunken',
} as const;

/** Something to know before going on, in place. */
export function Notice({ tone, children }: { readonly tone: keyof typeof tones; readonly children: ReactNode }) {
  return <div className={classNames('rounded-e-s border-s-3 px-3.5 py-2.5 text-ink', tones[tone])}>{children}</div>;
}
