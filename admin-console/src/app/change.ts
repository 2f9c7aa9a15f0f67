import { Problem, tellDone } from '@chappe/kit'
import { useQueryClient, type QueryKey } from '@tanstack/react-query'

/** Does something at the server, asks anew for what it may have changed, and says that it is done. */
export function useChange() {
  const queries = useQueryClient()
  return async <T>(act: () => Promise<T>, keys: QueryKey[], done?: string): Promise<T> => {
    const result = await act().catch((cause: unknown) => {
      if (cause instanceof Problem && cause.isWaiting) void queries.invalidateQueries({ queryKey: ['changes'] })
      throw cause
    })
    await Promise.all([...keys, ['audit']].map((queryKey) => queries.invalidateQueries({ queryKey })))
    if (done) tellDone(done)
    return result
  }
}
