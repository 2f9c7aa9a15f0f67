import { words } from '@chappe/kit'
import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'

export const reportsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/reports',
  validateSearch: words('kind', 'organisation', 'id', 'sort'),
  component: lazyRouteComponent(() => import('./reports'), 'Reports'),
})
export const reportRoutes = [reportsRoute] as const
