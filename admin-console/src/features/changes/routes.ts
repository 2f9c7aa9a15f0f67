import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

export const changesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/changes',
  validateSearch: words('state', 'id', 'sort'),
  component: lazyRouteComponent(() => import('./changes'), 'Changes'),
})
export const changeRoutes = [changesRoute] as const
