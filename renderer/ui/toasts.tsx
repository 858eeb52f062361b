import type { CSSProperties } from 'react';
import { Toaster } from 'sonner';
import 'sonner/dist/styles.css';

/** Short messages at the top, where they cover no answer: the foot belongs to Deny and Approve. Their stylesheet is imported: the page's policy forbids written-in styles. */
export function Toasts() {
  return (
    <Toaster
      position="top-right"
      gap={8}
      style={{ '--width': 'min(30rem, calc(100vw - 2rem))' } as CSSProperties}
      toastOptions={{
        unstyled: true,
        classNames: {
          toast: 'flex w-full items-center gap-3 rounded-m bg-ink px-3.5 py-2.5 text-md text-paper',
          actionButton: 'underline underline-offset-3 whitespace-nowrap',
          description: 'text-sm opacity-85',
        },
      }}
    />
  );
}
