/** Says a sentence to screen readers whenever it changes. */
export function LiveRegion({ message }: { readonly message: string }) {
  return (
    <p role="status" aria-live="polite" className="sr-only">
      {message}
    </p>
  );
}
