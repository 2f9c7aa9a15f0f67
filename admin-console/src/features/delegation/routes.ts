import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

export const delegationRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/delegation',
  validateSearch: words('text', 'role', 'dialog', 'holder', 'sort'),
  component: lazyRouteComponent(() => import('./delegation'), 'Delegation'),
})
export const rightsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/delegation/rights',
  validateSearch: words('who', 'on', 'sort'),
  component: lazyRouteComponent(() => import('./rights'), 'Rights'),
})
export const customRolesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/delegation/roles',
  validateSearch: words('organisation', 'dialog', 'id', 'sort'),
  component: lazyRouteComponent(() => import('./custom-roles'), 'CustomRoles'),
})
export const delegationRoutes = [delegationRoute, rightsRoute, customRolesRoute] as const
