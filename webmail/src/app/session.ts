import { Door, Http } from '@chappe/kit'
import { queryOptions } from '@tanstack/react-query'
import * as z from 'zod/mini'
import { Jmap } from '../jmap/client'

/** The documented login, which gives the cookie that JMAP takes. All else is JMAP. */
export const door = new Door(new Http('/api/v1'), (answer) => z.object({ login: z.string(), lacks: z.nullish(z.string()) }).parse(answer))

let last: Jmap | null = null
/** Whose page this is: it stays his while he logs in again. */
export const lastSession = () => last
export const forgetSession = () => {
  last = null
}

/** null: nobody is logged in. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: Infinity,
  refetchOnWindowFocus: false,
  queryFn: async ({ signal }): Promise<Jmap | null> => {
    const found = await Jmap.open(signal)
    if (found) last = found
    return found
  },
})
