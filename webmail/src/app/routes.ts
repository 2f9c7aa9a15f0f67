import { parseSearch, stringifySearch } from '@chappe/kit'
import { createRouter } from '@tanstack/react-router'
import { helpRoutes } from '../features/help/routes'
import { mailRoutes } from '../features/mail/routes'
import { settingsRoutes } from '../features/settings/routes'
import { rootRoute, shellRoute } from './root'

const tree = rootRoute.addChildren([shellRoute.addChildren([...mailRoutes, ...settingsRoutes, ...helpRoutes])])

export const router = createRouter({ routeTree: tree, parseSearch, stringifySearch, scrollRestoration: false, pathParamsAllowedCharacters: ['@', '+'] })

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
