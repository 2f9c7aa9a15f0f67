import { words } from '@chappe/kit'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'

export const protocolsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/protocols',
  validateSearch: words('organisation', 'domain', 'text', 'all', 'sort'),
  component: lazyRouteComponent(() => import('./protocols'), 'Protocols'),
})
export const protocolRoutes = [protocolsRoute] as const
