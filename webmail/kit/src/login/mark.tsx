/** The arms of the optical telegraph. */
export function Mark({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="7" fill="#2b76c8" />
      <g stroke="#fff" strokeWidth="2.6" strokeLinecap="round" fill="none">
        <path d="M16 27V11M8 13l16-4M8 13l-2-6M24 9l3 6" />
      </g>
    </svg>
  )
}
