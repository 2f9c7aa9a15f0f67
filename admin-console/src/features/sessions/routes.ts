import { words } from '@chappe/kit'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'

export const sessionsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/sessions',
  validateSearch: words('organisation', 'domain', 'text', 'kind', 'protocol', 'dialog', 'sort'),
  component: lazyRouteComponent(() => import('./sessions'), 'Sessions'),
})
export const sessionRoutes = [sessionsRoute] as const
