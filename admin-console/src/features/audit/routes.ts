import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

export const auditRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/audit',
  validateSearch: words('organisation', 'text', 'entry', 'sort'),
  component: lazyRouteComponent(() => import('./audit'), 'Audit'),
})
export const auditRoutes = [auditRoute] as const
