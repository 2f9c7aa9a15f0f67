import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

export const accountRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/account',
  validateSearch: words('dialog'),
  component: lazyRouteComponent(() => import('./account'), 'Account'),
})
export const accountRoutes = [accountRoute] as const
