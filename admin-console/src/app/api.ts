import { Http } from '@chappe/kit'

/** The documented admin API (docs/admin-api.md); the console speaks nothing else. */
export const api = new Http('/api/v1')
export const path = Http.path
/** The server takes no / in a part of a path: what is called so is seen in lists alone. */
export const isAddressable = (name: string) => !name.includes('/')
