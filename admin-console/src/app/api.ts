import { Http } from '@chappe/kit'

/** The documented admin API (docs/admin-api.md); the console speaks nothing else. */
export const api = new Http('/api/v1')
export const path = Http.path
