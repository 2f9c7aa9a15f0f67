import { useNavigate, useSearch } from '@tanstack/react-router'

/** What is open over the page, as the address says it: back closes it. */
export function useDialog(): [dialog: string | undefined, open: (dialog: string | undefined) => void] {
  const { dialog } = useSearch({ strict: false }) as { dialog?: string }
  const navigate = useNavigate()
  return [dialog, (next) => void navigate({ to: '.', search: { dialog: next } as never, replace: next === undefined })]
}
