import { QueryClient } from '@tanstack/react-query'
import { Problem } from './problem'

/** Temporary trouble is tried again, for some half a minute; everything else is told at once. */
export function makeQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: true,
        retry: (count, error) => count < 6 && error instanceof Problem && error.isTemporary,
        retryDelay: (count) => Math.min(500 * 2 ** count, 8000),
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
}
