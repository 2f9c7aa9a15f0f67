import { createRoute, lazyRouteComponent } from '@tanstack/react-router'
import { shellRoute } from '../../app/root'
import { words } from '@chappe/kit'

export const delegationRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/delegation',
  validateSearch: words('text', 'role', 'dialog', 'holder'),
  component: lazyRouteComponent(() => import('./delegation'), 'Delegation'),
})
export const rightsRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/delegation/rights',
  validateSearch: words('who', 'on'),
  component: lazyRouteComponent(() => import('./rights'), 'Rights'),
})
export const customRolesRoute = createRoute({
  getParentRoute: () => shellRoute,
  path: '/delegation/roles',
  validateSearch: words('organisation', 'dialog', 'id'),
  component: lazyRouteComponent(() => import('./custom-roles'), 'CustomRoles'),
})
export const delegationRoutes = [delegationRoute, rightsRoute, customRolesRoute] as const
