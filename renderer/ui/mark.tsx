/** The perforated rectangle. Decorative: the name stands beside it. */
export function Mark({ size = 22 }: { readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 22 22"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <rect x="1" y="4" width="20" height="14" rx="3" />
      <path d="M8 4v14" strokeDasharray="1.6 2" strokeLinecap="butt" />
      <path d="M11.5 12l2 2 4-5" strokeLinejoin="round" />
    </svg>
  );
}
